//! The server that is drained: our own child, or one that somebody else has started and will stop.
use super::hooked::Hooked;
use crate::supervisor::{Child, Signal, Status};
use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// The server that is drained.
#[derive(Debug)]
pub enum Server {
    /// Ours: we send it its signal, and its exit status is ours.
    Child(Child),
    /// Whoever called us as his hook stops it when the hook has returned.
    Hooked(Hooked),
}

/// How a server has ended; `None`: it is not our child, and nobody tells us.
pub type Ended = Option<Status>;

impl Server {
    /// Sends it a signal; one that is not ours is sent none.
    ///
    /// # Errors
    /// As [`Child::send`].
    pub fn send(&self, signal: Signal) -> io::Result<()> {
        match self {
            Self::Child(child) => child.send(signal),
            Self::Hooked(_) => Ok(()),
        }
    }

    /// Reaps our children that have ended.
    pub fn reap(&mut self) {
        if let Self::Child(child) = self {
            child.reap();
        }
    }

    /// Whether another process has taken its place since this was last asked.
    pub fn is_new(&mut self) -> bool {
        match self {
            Self::Child(child) => child.is_new(),
            Self::Hooked(_) => false,
        }
    }

    /// How it has ended, once it has.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        match self {
            Self::Child(child) => child.status().map(Some),
            Self::Hooked(hooked) => hooked.is_over().then_some(None),
        }
    }

    /// How often [`Self::ended`] is to be asked while it is drained; `None`: a signal or [`Self::sources`] tell.
    #[must_use]
    pub fn pace(&self) -> Option<Duration> {
        match self {
            Self::Child(_) => None,
            Self::Hooked(hooked) => hooked.pace(),
        }
    }

    /// What becomes readable when there is something to look at, beside signals.
    #[must_use]
    pub fn sources(&self) -> Vec<BorrowedFd<'_>> {
        match self {
            Self::Child(_) => Vec::new(),
            Self::Hooked(hooked) => hooked.sources(),
        }
    }
}
