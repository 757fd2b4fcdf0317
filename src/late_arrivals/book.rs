//! The desk's book: what is to be served, and what became of it.
use super::answer::Ending;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// Why a connection is at the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It came after the gate closed.
    LateArrival,
    /// It was still in the server's queue.
    Rest,
}

/// What became of the connections of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Served {
    /// Being served now.
    pub open: u64,
    /// Answered 503.
    pub answered: u64,
    /// Closed after reading: not HTTP.
    pub closed: u64,
    /// Gone by the client's doing.
    pub gone: u64,
}

/// The running counts behind [`Served`].
#[derive(Debug, Default)]
pub struct Counts {
    open: AtomicU64,
    answered: AtomicU64,
    closed: AtomicU64,
    gone: AtomicU64,
}

/// What the thread is given.
#[derive(Debug)]
pub enum Work {
    Listener(OwnedFd),
    Connection(OwnedFd, Kind),
}

impl Counts {
    /// What they say now.
    pub fn served(&self) -> Served {
        // `open` first: a connection that ends meanwhile is then counted twice rather than not at all.
        let [open, answered, closed, gone] =
            [&self.open, &self.answered, &self.closed, &self.gone].map(|count| count.load(SeqCst));
        Served { open, answered, closed, gone }
    }

    pub fn opened(&self) {
        self.open.fetch_add(1, SeqCst);
    }

    pub fn not_opened(&self) {
        self.open.fetch_sub(1, SeqCst);
    }

    pub fn ended(&self, ending: Ending) {
        match ending {
            Ending::Answered => &self.answered,
            Ending::Closed => &self.closed,
            Ending::Gone => &self.gone,
        }
        .fetch_add(1, SeqCst);
        self.open.fetch_sub(1, SeqCst);
    }
}
