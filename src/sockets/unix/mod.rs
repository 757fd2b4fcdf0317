//! What the kernel knows of unix stream sockets: unix_diag, else /proc/net/unix, which shows listeners and no more.
//!
//! | file | subject |
//! |---|---|
//! | `proc` | /proc/net/unix |
//! | `connections` | what those are doing whom the server has accepted, as far as can be told |
//! | `node` | where in the file system a listener's path leads |
mod connections;
pub mod node;
pub(super) mod proc;

pub use connections::{Connections, clients};

use super::diag::{SockDiag, UnixRow, UnixStates};
use super::listener::Listener;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{Shutdown, shutdown};
use std::io;
use std::os::fd::OwnedFd;
use tracing::warn;

/// It is given up after failing so often in a row.
const TRIES: u32 = 3;

/// unix_diag, opened when it is first needed, and given up where it is refused.
#[derive(Debug, Default)]
pub struct Unix {
    diag: Option<Box<SockDiag>>,
    refused: bool,
}

impl Unix {
    /// Asks it. One that fails is asked again a bounded number of times. `None`: it is refused.
    pub fn ask<T>(&mut self, what: impl Fn(&mut SockDiag) -> io::Result<T>) -> Option<T> {
        if self.refused {
            return None;
        }
        let mut failure = None;
        for _ in 0..TRIES {
            let diag = self.diag.take().map_or_else(|| SockDiag::open().map(Box::new), Ok);
            match diag.and_then(|mut diag| what(&mut diag).map(|answer| (diag, answer))) {
                Ok((diag, answer)) => {
                    self.diag = Some(diag);
                    return Some(answer);
                }
                Err(error) => failure = Some(error),
            }
        }
        self.refused = true;
        if let Some(error) = failure {
            warn!(%error, "unix_diag is refused here: what is queued and unread on unix sockets is not known");
        }
        None
    }

    /// The accept queue's length and limit of the listener of this inode; one that is gone has none. Where only our
    /// duplicate tells, the length is 0 or 1: empty or not.
    pub fn queue(&mut self, inode: u64, held: Option<&OwnedFd>) -> (Option<u32>, Option<u32>) {
        let row = self.ask(|diag| Ok(diag.unix_socket(inode)?.and_then(|row| row.queues())));
        match (row, held) {
            (Some(Some((length, limit))), _) => (Some(length), Some(limit)),
            (Some(None), None) => (Some(0), None),
            (_, Some(held)) => (is_waited_at(held).map(u32::from), None),
            (None, None) => (None, None),
        }
    }
}

/// Every listening unix stream socket of the network namespace that has a name, without its holders.
#[must_use]
pub fn listeners(diag: Option<&mut SockDiag>) -> Vec<Listener> {
    let listener = |row: &UnixRow| {
        let limit = row.queues().map(|(_, limit)| limit);
        Some(Listener::unix(row.name()?, row.inode(), limit))
    };
    let by_diag = diag.and_then(|diag| {
        let mut all = Vec::new();
        diag.unix(UnixStates::Listening, |row| all.extend(listener(row))).ok()?;
        Some(all)
    });
    // A kernel without unix sockets has no such file, and no listeners.
    by_diag.unwrap_or_else(|| proc::listeners().unwrap_or_default())
}

/// Refuses whoever connects to a unix listener from now on, without losing anybody: connect(2) looks at the mark that
/// this sets under the lock under which it queues (RCV_SHUTDOWN, unix_stream_connect() in net/unix/af_unix.c), and what
/// is queued can still be accepted.
pub fn shut(listener: &OwnedFd) {
    // Of a listener it cannot fail.
    let _ = shutdown(listener, Shutdown::Read);
}

/// How many wait in the queue of a unix listener that we hold; where unix_diag is refused, 0 or 1: nobody or somebody.
#[must_use]
pub fn queue_of(held: &OwnedFd) -> Option<u32> {
    let by_diag = || SockDiag::open()?.unix_socket(rustix::fs::fstat(held)?.st_ino);
    let row = by_diag().ok().flatten().and_then(|row| row.queues());
    row.map(|(length, _)| length).or_else(|| is_waited_at(held).map(u32::from))
}

/// Whether somebody waits in the queue of a listener that we hold; one that is [`shut`] does not tell.
fn is_waited_at(listener: &OwnedFd) -> Option<bool> {
    let mut listener = [PollFd::new(listener, PollFlags::IN | PollFlags::RDHUP)];
    poll(&mut listener, Some(&Timespec::default())).ok()?;
    let seen = listener[0].revents();
    (!seen.contains(PollFlags::RDHUP)).then(|| seen.contains(PollFlags::IN))
}
