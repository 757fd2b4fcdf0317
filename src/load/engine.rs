//! The open loop: starts connections on time, keeps the book of what becomes of each.
use super::Plan;
use super::connection::ask_noting;
use super::verdict::{Cause, Class, Failure, Local, Outcome, Phase, Verdict};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};

/// A load under way. Dropping it ends every connection.
#[derive(Debug)]
pub struct Load {
    book: Book,
    stop: watch::Sender<bool>,
    pacer: JoinHandle<()>,
    started: Instant,
}

/// A look at a load.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Now {
    /// Connections that got in and have not a byte of their answer.
    pub unanswered: usize,
    /// Connections that have not ended.
    pub open: usize,
    /// Connections with an answer of 2xx or 3xx.
    pub answered: usize,
    /// Lost ones.
    pub lost: usize,
}

/// Every connection of the load, by number.
type Book = Arc<Mutex<Vec<Entry>>>;

#[derive(Debug)]
struct Entry {
    started: Instant,
    state: State,
}

#[derive(Debug)]
enum State {
    In(Phase),
    Ended(Instant, Verdict),
}

impl Load {
    /// Starts the load. Connection 0 starts at once, connection k at k/rate.
    ///
    /// # Panics
    /// Outside a tokio runtime with time and I/O.
    #[must_use]
    pub fn start(plan: Plan) -> Self {
        let book = Book::default();
        let (stop, stopped) = watch::channel(false);
        let started = Instant::now();
        let pacer = tokio::spawn(pace(plan, started, Arc::clone(&book), stopped));
        Self { book, stop, pacer, started }
    }

    /// How it stands.
    #[must_use]
    pub fn now(&self) -> Now {
        let mut now = Now::default();
        for entry in lock(&self.book).iter() {
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

    /// How long the load has been running.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Starts no more connections; those that are open go on.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Stops, waits at most `limit` for every connection to end, and gives every outcome, in the order of the
    /// starts. What has not ended by then is abandoned, and has timed out in the phase it was in.
    pub async fn finish(mut self, limit: Duration) -> Vec<Outcome> {
        self.stop();
        let _ = timeout(limit, &mut self.pacer).await;
        self.pacer.abort();
        let now = Instant::now();
        let since = |moment: Instant| moment.saturating_duration_since(self.started);
        lock(&self.book)
            .drain(..)
            .zip(0..)
            .map(|(entry, number)| {
                let (ended, verdict) = match entry.state {
                    State::Ended(ended, verdict) => (ended, verdict),
                    State::In(phase) => (now, Verdict::Failed(Failure { phase, cause: Cause::TimedOut })),
                };
                Outcome { number, started: since(entry.started), ended: since(ended), verdict }
            })
            .collect()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.pacer.abort();
    }
}

/// Starts each connection when it is due, until stopped; then waits for those that are open. Owns them: when
/// this task is aborted, they are.
async fn pace(plan: Plan, started: Instant, book: Book, mut stopped: watch::Receiver<bool>) {
    let mut open = JoinSet::new();
    for number in 0_u64.. {
        // A moment beyond the clock never comes; a day is as good, as every load is bounded.
        let due = started + plan.due(number).min(Duration::from_hours(24));
        if timeout_at(due, stopped.wait_for(|stop| *stop)).await.is_ok() {
            break;
        }
        while open.try_join_next().is_some() {}
        let state = if open.len() < plan.at_once {
            State::In(Phase::Connect)
        } else {
            State::Ended(Instant::now(), Verdict::NotTried(Local::TooManyAtOnce))
        };
        let tried = matches!(state, State::In(_));
        let place = {
            let mut book = lock(&book);
            book.push(Entry { started: Instant::now(), state });
            book.len() - 1
        };
        if tried {
            let (request, book) = (plan.request(number), Arc::clone(&book));
            open.spawn(async move {
                let write = |state| {
                    if let Some(entry) = lock(&book).get_mut(place) {
                        entry.state = state;
                    }
                };
                let verdict = ask_noting(&request, |phase| write(State::In(phase))).await;
                write(State::Ended(Instant::now(), verdict));
            });
        }
    }
    while open.join_next().await.is_some() {}
}

/// The book; one whose holder panicked is as good as any, for each entry is written in one step.
fn lock(book: &Book) -> MutexGuard<'_, Vec<Entry>> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}
