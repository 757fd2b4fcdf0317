//! What is done with one connection, on a duplicate that is held for an instant.
use super::{Entry, Parking, mark};
use crate::late_arrivals::is_whole;
use crate::park::{Act, Connection, FirstBytes, PEEK, Seen};
use crate::sockets::mark::Raise;
use std::io;
use std::os::fd::OwnedFd;

/// So many marks are raised at one look at most, about 5 µs each: looks are not to take much longer for it.
pub(super) const RAISES_PER_LOOK: usize = 1000;

impl Parking {
    /// Does it, and gives what is to be done next.
    pub(super) fn act(&mut self, act: Act, entry: &mut Entry, seen: &Seen) -> Option<Act> {
        if act == Act::Raise {
            self.raises += 1;
            if self.raises > RAISES_PER_LOOK {
                return None;
            }
        }
        let socket = match self.owners.duplicate(entry.inode) {
            Ok(socket) => socket,
            Err(error) => {
                // Accepted since the last pass over the descriptors, or closed since the look; or a hidden process has it.
                let unknown = error.kind() == io::ErrorKind::NotFound;
                self.owners_are_stale |= unknown;
                entry.is_out_of_reach |= act == Act::Raise && (!unknown || self.owners.some_are_hidden());
                return None;
            }
        };
        match act {
            Act::Raise => self.raise(&socket, entry, seen),
            Act::Lower => self.lower(&socket, entry),
            Act::Peek => return peek(&socket, &mut entry.connection, seen),
            Act::Take if is_longer(&socket) => return Some(entry.connection.give_back(seen)),
            Act::Take => self.take(socket, &mut entry.connection),
        }
        None
    }

    fn raise(&mut self, socket: &OwnedFd, entry: &mut Entry, seen: &Seen) {
        let how = mark::raise(socket, seen.received);
        entry.is_blocking = matches!(how, Ok(Raise::Blocking | Raise::Caught { .. }));
        match how {
            Ok(Raise::Up) => {
                entry.connection.raised();
                self.raised += 1;
                entry.is_out_of_reach = false;
                count(&mut self.figures.parked, &mut entry.counted.parked);
            }
            Ok(Raise::Caught { sent }) => self.may_be_caught(entry.inode, sent),
            Ok(Raise::TooLate | Raise::Blocking) | Err(_) => {}
        }
    }

    fn lower(&mut self, socket: &OwnedFd, entry: &mut Entry) {
        // Refused is what raising it would have been.
        let _ = mark::lower(socket);
        count(&mut self.figures.released, &mut entry.counted.released);
    }

    fn take(&mut self, socket: OwnedFd, connection: &mut Connection) {
        let (read, sent) = connection.settled();
        let taken = mark::take(&socket, read, sent).ok().flatten();
        connection.took(taken.is_some());
        self.late.extend(taken.map(|bytes| (socket, bytes)));
    }
}

/// Whether the late request has not come as a whole, and what follows would wake the server, because it has a small buffer: it
/// would read the rest of what we had taken.
fn is_longer(socket: &OwnedFd) -> bool {
    mark::is_clamped(socket).unwrap_or(true) && !mark::peek_all(socket).is_ok_and(|bytes| is_whole(&bytes))
}

/// Where nothing waits any more the server was quicker, or the client is gone, which wakes the server.
fn peek(socket: &OwnedFd, connection: &mut Connection, seen: &Seen) -> Option<Act> {
    let mut first = [0; PEEK];
    let what = FirstBytes::of(mark::peek(socket, &mut first).ok()?);
    // Asked behind the peek: what was read before that shows. Where it cannot be told, it may have been.
    connection.peeked(what, mark::read(socket).unwrap_or(u64::MAX), seen)
}

/// Counts a connection once.
fn count(figure: &mut u64, counted: &mut bool) {
    *figure += u64::from(!std::mem::replace(counted, true));
}
