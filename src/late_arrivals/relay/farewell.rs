//! When a relayed client of HTTP/2 is sent away, so that it does not keep its connection until the desk closes: what its
//! streams do and a clock in, GOAWAY out (RFC 9113, section 6.8).
use super::super::http2::{HIGHEST_STREAM, Streams};
use std::time::Duration;
use tokio::time::Instant;

/// A client at rest for so long is told the last stream at once: by then it has not asked again, and what crosses GOAWAY
/// after all is not processed and may be sent again. Also the time from the warning to the last word, in which what was on
/// its way comes in: a round trip over any network that a pod is asked by.
const REST: Duration = Duration::from_millis(150);
/// A client that has an answer and has not been at rest for so long is warned: some that are warned while a stream is open
/// give that up (Python's httpx), and whoever rests meanwhile needs no warning.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a client is told next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Ask elsewhere from now on; all that was asked here is answered.
    Warning,
    /// Nothing behind this stream was processed; it is answered itself, and this is the end.
    Last(u32),
}

/// How far a farewell has come.
#[derive(Debug)]
pub struct Farewell {
    begin: Instant,
    silent_grace: Duration,
    answered_at: Option<Instant>,
    warned_at: Option<Instant>,
    /// No stream is open since then.
    over_since: Option<Instant>,
}

impl Word {
    /// The last stream that GOAWAY names.
    pub fn last(self) -> u32 {
        match self {
            Self::Warning => HIGHEST_STREAM,
            Self::Last(last) => last,
        }
    }
}

impl Farewell {
    /// To a client that came now. One that asks nothing is sent away after `silent_grace`.
    pub fn new(now: Instant, silent_grace: Duration) -> Self {
        Self { begin: now, silent_grace, answered_at: None, warned_at: None, over_since: Some(now) }
    }

    /// Takes note of what the streams are now, and gives what is to be said next, and when; `None`: nothing, unless they change.
    pub fn next(&mut self, streams: &Streams, now: Instant) -> Option<(Instant, Word)> {
        self.over_since = streams.are_over().then(|| self.over_since.unwrap_or(now));
        if streams.has_answered() {
            self.answered_at.get_or_insert(now);
        }
        if !streams.may_interject() {
            return None;
        }
        match (self.over_since, self.warned_at) {
            (Some(_), _) if streams.last() == 0 => Some((self.begin + self.silent_grace, Word::Last(0))),
            (Some(since), None) => Some((since + REST, Word::Last(streams.last()))),
            (Some(since), Some(warned_at)) => Some((since.max(warned_at + REST), Word::Last(streams.last()))),
            (None, None) => self.answered_at.map(|at| (at + PATIENCE, Word::Warning)),
            (None, Some(_)) => None,
        }
    }

    /// It was warned.
    pub fn warned(&mut self, now: Instant) {
        self.warned_at = Some(now);
    }
}
