//! The book of a load: what has become of each connection, or of each request, by number.
use super::verdict::{Cause, Class, Failure, Outcome, Phase, Verdict};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// A look at a load.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Now {
    /// Those that got in and have not a byte of their answer: connections of a [`Load`](super::Load), requests of
    /// [`KeptAlive`](super::KeptAlive) clients; so too below.
    pub unanswered: usize,
    /// Those that have not ended.
    pub open: usize,
    /// Those with an answer of 2xx or 3xx.
    pub answered: usize,
    /// Lost ones.
    pub lost: usize,
}

/// Every connection or request of a load. A number is given once, from 0 up.
#[derive(Debug)]
pub(super) struct Book {
    started: Instant,
    entries: Mutex<Vec<Entry>>,
}

#[derive(Debug)]
struct Entry {
    started: Instant,
    used: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    In(Phase),
    Ended(Instant, Verdict),
}

impl Book {
    /// An empty one, of a load that starts now.
    pub fn new() -> Self {
        Self { started: Instant::now(), entries: Mutex::default() }
    }

    /// When the load has started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Begins an entry in `phase`; its number. `used` as in [`Outcome::used`].
    pub fn begin(&self, phase: Phase, used: bool) -> u64 {
        let mut entries = self.lock();
        entries.push(Entry { started: Instant::now(), used, state: State::In(phase) });
        entries.len() as u64 - 1
    }

    /// It has come to `phase`. Phases are not gone back to: an answer may begin while the request is being sent.
    pub fn note(&self, number: u64, phase: Phase) {
        self.with(number, |entry| {
            if let State::In(at) = &mut entry.state {
                *at = phase.max(*at);
            }
        });
    }

    /// It has ended, now.
    pub fn end(&self, number: u64, verdict: Verdict) {
        self.with(number, |entry| entry.state = State::Ended(Instant::now(), verdict));
    }

    /// Whether there is one.
    pub fn has_entries(&self) -> bool {
        !self.lock().is_empty()
    }

    /// How it stands.
    pub fn look(&self) -> Now {
        let mut now = Now::default();
        for entry in self.lock().iter() {
            match &entry.state {
                State::In(phase) => {
                    now.open += 1;
                    now.unanswered += usize::from(matches!(phase, Phase::Send | Phase::Wait));
                }
                State::Ended(_, verdict) => match verdict.class() {
                    Class::Answered => now.answered += 1,
                    Class::Lost => now.lost += 1,
                    _ => (),
                },
            }
        }
        now
    }

    /// Every outcome, by number; the book is empty then. What has not ended has timed out in the phase it is in.
    pub fn close(&self) -> Vec<Outcome> {
        let now = Instant::now();
        let since = |moment: Instant| moment.saturating_duration_since(self.started);
        self.lock()
            .drain(..)
            .zip(0..)
            .map(|(entry, number)| {
                let (ended, verdict) = match entry.state {
                    State::Ended(ended, verdict) => (ended, verdict),
                    State::In(phase) => (now, Verdict::Failed(Failure { phase, cause: Cause::TimedOut })),
                };
                let (started, ended) = (since(entry.started), since(ended));
                Outcome { number, started, ended, used: entry.used, verdict }
            })
            .collect()
    }

    /// None has this number once the book is closed.
    fn with(&self, number: u64, change: impl FnOnce(&mut Entry)) {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        if let Some(entry) = self.lock().get_mut(place) {
            change(entry);
        }
    }

    /// A book whose holder panicked is as good as any, for each entry is written in one step.
    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
