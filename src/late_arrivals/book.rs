//! The desk's book: what is to be served, and what became of it.
use super::passage::{Passage, Visit};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// Why a connection is at the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It came after the gate closed.
    LateArrival,
    /// It was still in the server's queue.
    Rest,
    /// It is the server's, and a request came on it that is to be kept from the server.
    LateRequest,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Answered 503.
    Answered,
    /// HTTP/2: sent away by GOAWAY.
    Goaway,
    /// TLS: told by an alert, after which no client tries elsewhere.
    Alerted,
    /// TLS: passed on to the server, to the end.
    PassedOn,
    /// Its answer came from a fellow, to the end.
    Relayed,
    /// A fellow, or the server that it was passed on to, failed before the end of its answer.
    Cut,
    /// Another protocol: closed after reading.
    Closed,
    /// The client had gone.
    Gone,
}

/// What became of the connections of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Served {
    /// Being served now.
    pub open: u64,
    /// Answered 503.
    pub answered: u64,
    /// Sent away by GOAWAY: HTTP/2.
    pub goaway: u64,
    /// Told by an alert that it is lost: TLS.
    pub alerted: u64,
    /// Passed on to the server, to the end: TLS.
    pub passed_on: u64,
    /// Answered by a fellow, to the end.
    pub relayed: u64,
    /// Left without the whole of an answer by a fellow, or the server, that failed.
    pub cut: u64,
    /// Closed after reading: another protocol.
    pub closed: u64,
    /// Gone by the client's doing.
    pub gone: u64,
}

impl Served {
    /// For how many it is over, however it was.
    #[must_use]
    pub fn ended(&self) -> u64 {
        let Self { open: _, answered, goaway, alerted, passed_on, relayed, cut, closed, gone } = *self;
        answered + goaway + alerted + passed_on + relayed + cut + closed + gone
    }
}

/// The running counts behind [`Served`], one of each [`Kind`].
#[derive(Debug, Clone, Default)]
pub struct Book(Arc<[Counts; 3]>);

#[derive(Debug, Default)]
struct Counts {
    open: AtomicU64,
    answered: AtomicU64,
    goaway: AtomicU64,
    alerted: AtomicU64,
    passed_on: AtomicU64,
    relayed: AtomicU64,
    cut: AtomicU64,
    closed: AtomicU64,
    gone: AtomicU64,
}

/// A connection that is counted as open; one that is let go without its ending counts as gone.
#[derive(Debug)]
pub struct Entry {
    book: Book,
    kind: Kind,
    /// `None`: there was none.
    ending: Option<Ending>,
}

/// What is given to who serves: listeners, by what is accepted from them, and connections of which some bytes may have been read
/// already.
#[derive(Debug)]
pub enum Work {
    Listener {
        listener: OwnedFd,
        passage: Option<Arc<Passage>>,
        kind: Kind,
    },
    /// Nobody else accepts from it any more.
    Left {
        listener: Arc<OwnedFd>,
    },
    Connection {
        connection: OwnedFd,
        taken: Vec<u8>,
        entry: Entry,
        visit: Option<Visit>,
    },
}

impl Book {
    /// What it says now.
    pub fn served(&self, kind: Kind) -> Served {
        let Counts { open, answered, goaway, alerted, passed_on, relayed, cut, closed, gone } =
            &self.0[kind as usize];
        // `open` first: a connection that ends meanwhile is then counted twice rather than not at all.
        let [open, answered, goaway, alerted, passed_on, relayed, cut, closed, gone] =
            [open, answered, goaway, alerted, passed_on, relayed, cut, closed, gone]
                .map(|count| count.load(SeqCst));
        Served { open, answered, goaway, alerted, passed_on, relayed, cut, closed, gone }
    }

    /// How many are open, of all kinds.
    pub fn open(&self) -> u64 {
        self.0.iter().map(|counts| counts.open.load(SeqCst)).sum()
    }

    /// Counts one more, before it leaves its queue, so that it is at no time in neither.
    pub fn opened(&self, kind: Kind) -> Entry {
        self.0[kind as usize].open.fetch_add(1, SeqCst);
        Entry { book: self.clone(), kind, ending: Some(Ending::Gone) }
    }
}

impl Entry {
    /// Why it is here.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// It has ended so.
    pub fn ended(mut self, ending: Ending) {
        self.ending = Some(ending);
    }

    /// There was none.
    pub fn withdrawn(mut self) {
        self.ending = None;
    }

    fn counts(&self) -> &Counts {
        &self.book.0[self.kind as usize]
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let counts = self.counts();
        let ended = self.ending.map(|ending| match ending {
            Ending::Answered => &counts.answered,
            Ending::Goaway => &counts.goaway,
            Ending::Alerted => &counts.alerted,
            Ending::PassedOn => &counts.passed_on,
            Ending::Relayed => &counts.relayed,
            Ending::Cut => &counts.cut,
            Ending::Closed => &counts.closed,
            Ending::Gone => &counts.gone,
        });
        if let Some(ended) = ended {
            ended.fetch_add(1, SeqCst);
        }
        counts.open.fetch_sub(1, SeqCst);
    }
}
