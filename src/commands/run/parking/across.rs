//! Across the forward: what is at rest is held, because the server is about to close it, and the request that comes in
//! that instant would be lost.
use super::{Entry, Parking, mark};
use crate::park::{Figures, FirstBytes, PEEK, Stance};
use rustix::io::Errno;
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};
use tracing::{info, warn};

/// How often it is looked whether the server has let go: its clients get their end of file no later.
const PACE: Duration = Duration::from_millis(5);
/// A pass over the server's descriptors is followed by a pause of so many times its cost.
const PAUSE_PER_COST: u32 = 3;
/// A server that still holds what was at rest so long after its signal goes on serving it, and is given the next
/// request. Those that close at once have done so, and those that just end are gone.
const LINGERS_AFTER: Duration = Duration::from_millis(250);

/// Descriptors that are left where they lack: to lower marks with, to look into /proc, and for a desk (its runtime takes
/// ten). Without them it would seem that the server has let go of everything.
const SPARE_DESCRIPTORS: usize = 16;

/// Connections that are held across the forward.
#[derive(Debug, Default)]
pub(super) struct Across {
    held: Vec<Held>,
    forwarded_at: Option<Instant>,
    /// When it is looked again whether the server has let go.
    due: Option<Instant>,
}

#[derive(Debug)]
struct Held {
    inode: u64,
    socket: OwnedFd,
    lowered: bool,
}

impl Parking {
    /// The signal is about to be forwarded: holds what is parked, and lets the server have what it works on.
    pub fn hold(&mut self) {
        let entries: Vec<Entry> = self.connections.take().collect();
        let mut out_of_reach = Vec::new();
        for Entry { inode, connection, show, is_working, is_blocking, is_out_of_reach, .. } in entries {
            let parked = connection.stance() == Stance::Parked;
            // One that was not shown when all were has most likely ended: it is held if it is there, and not told of.
            let is_shown = self.shows.wrapping_sub(show) <= 1;
            let is_out_of_reach = is_out_of_reach || self.all_are_out_of_reach();
            let (is_working, is_blocking, is_out_of_reach) =
                (is_working && is_shown, is_blocking && is_shown, is_out_of_reach && is_shown);
            self.figures.cut += u64::from(is_working && (!parked || connection.owes()));
            self.figures.blocking += u64::from(!parked && is_blocking);
            self.figures.unknown += u64::from(connection.stance() == Stance::Unknown);
            self.figures.out_of_reach += u64::from(!parked && is_out_of_reach);
            self.figures.pipelining += u64::from(connection.pipelines());
            if !parked {
                continue;
            }
            match self.owners.duplicate(inode) {
                Ok(socket) if connection.owes() => drop(mark::lower(&socket)),
                Ok(socket) => self.across.held.push(Held { inode, socket, lowered: false }),
                Err(error) if lacks_descriptors(&error) => out_of_reach.push(inode),
                // The server has closed it meanwhile.
                Err(_) => {}
            }
        }
        self.give_back(&out_of_reach);
        self.figures.at_rest = self.across.held.len() as u64;
        let now = Instant::now();
        (self.across.forwarded_at, self.across.due) = (Some(now), Some(now));
    }

    /// Duplicates are refused here, and were wanted.
    fn all_are_out_of_reach(&self) -> bool {
        self.wanted && !self.possible && self.gated_at.is_some()
    }

    /// What cannot be held is the server's again, as if we had never been there.
    fn give_back(&mut self, inodes: &[u64]) {
        if inodes.is_empty() {
            return;
        }
        let kept = self.across.held.len().saturating_sub(SPARE_DESCRIPTORS);
        let spare = self.across.held.split_off(kept);
        let inodes = inodes.iter().copied().chain(spare.iter().map(|held| held.inode)).collect::<Vec<_>>();
        drop(spare);
        let mut given_back = 0_u64;
        for inode in inodes {
            // ENOENT: closed by the server meanwhile.
            if let Ok(socket) = self.owners.duplicate(inode) {
                given_back += u64::from(mark::lower(&socket).is_ok());
            }
        }
        self.figures.out_of_reach += given_back;
        if given_back > 0 {
            warn!(
                connections = given_back,
                "could not be held while the server stops: raise the limit of open files"
            );
        }
    }

    /// Tells in the log how the server's open connections stood at the forward, if there were any to tell of.
    pub fn say(&self) {
        if self.figures == Figures::default() {
            return;
        }
        let Figures { parked, released, at_rest, pipelining, blocking, unknown, out_of_reach, cut } =
            self.figures;
        info!(
            parked,
            released,
            at_rest,
            pipelining,
            blocking,
            unknown,
            out_of_reach,
            cut,
            "open connections, until the forward"
        );
    }

    /// When it is to be looked whether the server has let go; `None`: nothing is held.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        self.across.due.filter(|_| self.holds())
    }

    /// Whether anything is held.
    #[must_use]
    pub fn holds(&self) -> bool {
        !self.across.held.is_empty()
    }

    /// Looks, where that is due, whether the server has let go of what is held. What it has left unread is ours now.
    pub fn let_go(&mut self) {
        let begin = Instant::now();
        if self.due().is_none_or(|due| begin < due) {
            return;
        }
        self.find_owners();
        for held in std::mem::take(&mut self.across.held) {
            if self.owners.may_hold(held.inode) {
                self.across.held.push(held);
            } else if let Some(bytes) = left_unread(&held.socket) {
                self.late.push((held.socket, bytes));
            }
        }
        if self.across.forwarded_at.is_some_and(|forwarded| begin >= forwarded + LINGERS_AFTER) {
            for held in self.across.held.iter_mut().filter(|held| !held.lowered) {
                held.lowered = true;
                // Refused is what raising it would have been.
                let _ = mark::lower(&held.socket);
            }
        }
        self.across.due = Some(Instant::now() + PACE.max(begin.elapsed() * PAUSE_PER_COST));
    }

    /// Closes all that is held. Whoever of the server still has it goes on as if we had never been there.
    pub fn close(&mut self) {
        for held in self.across.held.drain(..) {
            let _ = mark::lower(&held.socket);
        }
    }
}

/// Wherever a drain is left before its end, by a panic: no mark stays up.
impl Drop for Parking {
    fn drop(&mut self) {
        self.close();
        for entry in self.connections.values().filter(|entry| entry.connection.stance() == Stance::Parked) {
            if let Ok(socket) = self.owners.duplicate(entry.inode) {
                let _ = mark::lower(&socket);
            }
        }
    }
}

fn lacks_descriptors(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

/// The request that a server has left unread. A part of something else is left to the close.
fn left_unread(socket: &OwnedFd) -> Option<Vec<u8>> {
    let mut first = [0; PEEK];
    match FirstBytes::of(mark::peek(socket, &mut first).ok()?) {
        FirstBytes::Request | FirstBytes::Part => mark::take_left(socket).ok()?,
        FirstBytes::Blank | FirstBytes::Other => None,
    }
}
