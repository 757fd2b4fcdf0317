//! A request that came while the mark was being raised may have caught its server: it is freed.
//!
//! Whoever sets O_NONBLOCK off for a request (gunicorn's gthread, Java) does so after it was told of it: between our look at
//! the flag and the second look at the counters. Machines with more to do than processors show it.
use super::{Parking, Seen};
use crate::sockets::caught::{nudge, sleeps_reading};
use std::time::Duration;
use tracing::debug;

/// After the first, further nudges come ever later: whoever reads a slow body sleeps reading too.
const PAUSE: Duration = Duration::from_millis(50);
const TRIES: u32 = 3;

/// A connection whose server may be caught.
#[derive(Debug)]
pub(super) struct Caught {
    inode: u64,
    /// What the server had sent by then: when it sends more, it was not caught or is free. Not by the look before, which may
    /// be older than its last answer.
    sent: u64,
    tries: u32,
    due: Duration,
}

impl Parking {
    /// The mark has been up for a moment, and the server's calls block now; by then it had sent so much.
    pub(super) fn may_be_caught(&mut self, inode: u64, sent: u64) {
        let known = self.caught.iter().position(|caught| caught.inode == inode);
        // One that has answered since, and not been looked at, is caught anew.
        if known.is_some_and(|known| self.caught[known].sent == sent) {
            return;
        }
        known.map(|known| self.caught.swap_remove(known));
        self.caught.push(Caught { inode, sent, tries: 0, due: self.now });
    }

    /// At each look at a connection: frees its server, where it is caught.
    pub(super) fn free(&mut self, inode: u64, seen: &Seen) {
        let Some(index) = self.caught.iter().position(|caught| caught.inode == inode) else { return };
        let caught = &mut self.caught[index];
        if seen.sent > caught.sent || caught.tries == TRIES {
            self.caught.swap_remove(index);
            return;
        }
        // Bytes that nobody has read wake whoever reads.
        if seen.unread > 0 || self.now < caught.due {
            return;
        }
        let mut nudged = false;
        self.owners.each_holder(inode, |process, pid, fd| {
            if sleeps_reading(pid, fd) != Some(false) {
                let done = nudge(process, pid);
                nudged = true;
                let pid = pid.as_raw_nonzero();
                debug!(%pid, ?done, "a request came while it was being parked: stopped the server for an instant, to free its call");
            }
        });
        if nudged {
            caught.tries += 1;
            caught.due = self.now + PAUSE * caught.tries;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{ParkArgs, ParkChoice};
    use crate::sockets::Whose;
    use crate::sockets::caught::tests::{caught, given_to};
    use crate::sockets::connections::{Counters, Spoken, Standing};
    use rustix::fs::fstat;
    use rustix::process::Pid;

    #[test]
    fn given_a_server_that_may_be_caught_when_it_is_looked_at_then_it_is_freed_once_it_has_read_all() {
        let (mut child, server, _client) = caught();
        let inode = fstat(&server).unwrap().st_ino;
        let options = ParkArgs { park: ParkChoice::Auto, park_after: Duration::ZERO };
        let mut parking = Parking::new(Whose::Ours, &options, Duration::ZERO);
        parking.owners.find(&[Pid::from_child(&child)]);
        let spoken = Spoken {
            received: 5,
            sent: 0,
            since_received: Duration::ZERO,
            since_sent: Duration::ZERO,
            outstanding: Some(false),
            bare_received: None,
            bare_sent: None,
        };
        let counters = Counters { state: 1, owned: true, recv_queue: 0, send_queue: 0, spoken: Some(spoken) };
        let seen = parking.seen(counters, Some(Standing::InFlight)).unwrap();
        parking.may_be_caught(inode, 0);
        parking.may_be_caught(inode, 7);
        let seen = Seen { sent: 7, ..seen };
        parking.free(inode, &Seen { unread: 1, ..seen });
        assert!(child.try_wait().unwrap().is_none(), "what is unread wakes it");
        parking.free(inode, &seen);
        assert_eq!(given_to(child), b"hello");
        parking.free(inode, &Seen { sent: 8, ..seen });
        assert!(parking.caught.is_empty(), "it has spoken");
    }
}
