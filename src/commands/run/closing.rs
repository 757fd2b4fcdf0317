//! The server is gone. Whoever is still queued or on the way is answered, and our own sockets are closed without
//! losing the one who arrives in that instant.
use super::gatekeeper::Gatekeeper;
use crate::late_arrivals::{Desk, Kind, Served};
use crate::sockets::Observer;
use crate::sockets::gate::{Group, Plug, RETRANSMISSION};
use crate::sockets::observer::accept_queue;
use crate::sockets::processes::{descendants, sockets};
use rustix::net::{Shutdown, shutdown};
use rustix::process::getpid;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};
use tracing::{debug, warn};

/// How often it is looked whether all are answered.
const PACE: Duration = Duration::from_millis(1);

/// Waits a while; says `true` when there is to be no more waiting.
pub type Wait<'a> = &'a mut dyn FnMut(Duration) -> bool;

/// What became of those whom the server did not serve.
#[derive(Debug, Clone, Copy, Default)]
pub struct Finished {
    /// They came after the gate closed.
    pub late_arrivals: Served,
    /// They were still queued when the server got its signal or went.
    pub the_rest: Served,
    /// They were not answered when time was over.
    pub left_behind: u64,
}

impl Gatekeeper {
    /// Answers and closes everything, until `until` at the latest.
    pub fn finish(&mut self, observer: &mut Observer, until: Instant, wait: Wait) -> Finished {
        if !self.groups.is_empty() || self.desk.is_some() {
            // Requests that the server's processes outlive it with, and handshakes from before the gate.
            let orphans = !descendants(getpid()).is_empty();
            wait_for(until, &mut *wait, || {
                let look = observer.look();
                let working = look.unread.unwrap_or(0) + look.in_flight.unwrap_or(0);
                self.nobody_left() && look.half_open.unwrap_or(0) == 0 && (!orphans || working == 0)
            });
        }
        let plugs = self.plug();
        if !plugs.is_empty() {
            observer.all_handshakes();
            wait_for(until, &mut *wait, || observer.look().half_open.unwrap_or(0) == 0 && self.nobody_left());
        }
        let served = |kind| self.desk.as_ref().map(|desk| desk.served(kind)).unwrap_or_default();
        let (late_arrivals, the_rest) = (served(Kind::LateArrival), served(Kind::Rest));
        let finished = Finished { late_arrivals, the_rest, left_behind: self.left() };
        self.close_sockets();
        let dropped = plugs.iter().any(Plug::has_dropped);
        drop(plugs);
        // As PID 1 of a container our network namespace may end with us, and with it who refuses the retransmissions.
        if dropped && getpid().is_init() {
            debug!("staying until the SYNs that were dropped are tried again and refused");
            wait_for(until.min(Instant::now() + RETRANSMISSION), wait, || false);
        }
        finished
    }

    fn plug(&self) -> Vec<Plug> {
        let set =
            |group: &Group| group.plug().inspect_err(|error| warn!("closing without a plug: {error}")).ok();
        self.groups.iter().filter_map(set).collect()
    }

    /// Queues first: a connection leaves its queue only after the desk has counted it.
    fn left(&self) -> u64 {
        let ours = self.groups.iter().map(|group| &**group.ours());
        let theirs = self.watched.iter().filter_map(|watched| watched.duplicate.as_deref());
        let queued: u64 =
            ours.chain(theirs).map(|socket| u64::from(accept_queue(socket).0.unwrap_or(0))).sum();
        queued + self.desk.as_ref().map_or(0, Desk::busy)
    }

    /// Looked at twice, because a taker counts a connection an instant after taking it.
    fn nobody_left(&self) -> bool {
        self.left() == 0 && {
            std::thread::yield_now();
            self.left() == 0
        }
    }

    /// Closes the desk and every listener that we hold. Those of the server are shut down first, which ends the
    /// threads that take the rest out of them; but not while another process still serves from them.
    fn close_sockets(&mut self) {
        let (in_use, _) = sockets(&descendants(getpid()));
        for watched in &self.watched {
            let Some(held) = &watched.duplicate else { continue };
            if in_use.contains_key(&watched.listener.inode) {
                debug!(address = %watched.listener.address, "another process still listens here");
            } else {
                close_for_all(held);
            }
        }
        if let Some(desk) = self.desk.take() {
            desk.close();
        }
        self.groups.clear();
        self.watched.clear();
        self.listened.clear();
    }
}

fn close_for_all(listener: &OwnedFd) {
    // ENOTCONN: it does not listen any more.
    let _ = shutdown(listener, Shutdown::Both);
}

/// Waits until `done`; gives up at `until` or when there is to be no more waiting.
fn wait_for(until: Instant, wait: Wait, mut done: impl FnMut() -> bool) {
    while !done() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || wait(PACE.min(left)) {
            return;
        }
    }
}
