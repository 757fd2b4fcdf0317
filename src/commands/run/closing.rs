//! The server is gone. Whoever is still queued or on the way is answered, and our own sockets are closed without
//! losing the one who arrives in that instant.
use super::gatekeeper::Gatekeeper;
use super::pace::{Begin, Share};
use super::parking::Parking;
use crate::late_arrivals::{Desk, Kind, Served};
use crate::sockets::gate::{Group, PathGate, Plug, RETRANSMISSION};
use crate::sockets::processes::holders;
use crate::sockets::watched::accept_queue;
use crate::sockets::{Listener, Observer, unix};
use rustix::process::{Pid, getpid};
use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};
use tracing::{debug, warn};

/// How often it is looked whether all are answered, where that is cheap.
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
    /// They came on the server's open connections and were kept from it.
    pub late_requests: Served,
    /// They were not answered when time was over.
    pub left_behind: u64,
}

impl Finished {
    /// For how many it is over.
    fn ended(&self) -> u64 {
        self.late_arrivals.ended() + self.the_rest.ended() + self.late_requests.ended()
    }
}

impl Gatekeeper {
    /// Answers and closes everything, until `until` at the latest.
    pub fn finish(
        &mut self,
        observer: &mut Observer,
        parking: &mut Parking,
        until: Instant,
        wait: Wait,
    ) -> Finished {
        let gated = !self.groups.is_empty() || !self.refusals.is_empty() || !self.paths.is_empty();
        if gated || self.desk.is_some() || parking.holds() {
            // Its other processes may outlive it for a moment: with requests that they answer, and with its listeners.
            // Handshakes from before the gate still end in its queues. The last part of the time is for those who are
            // being answered.
            let now = Instant::now();
            let until = now + until.saturating_duration_since(now) * 3 / 4;
            self.wait_for(until, &mut *wait, |gatekeeper| {
                gatekeeper.turn_away();
                parking.let_go();
                gatekeeper.answer(parking.late_requests());
                let look = observer.look();
                let working =
                    look.unread.unwrap_or(0) + look.in_flight.unwrap_or(0) + look.half_open.unwrap_or(0);
                let orphans = gatekeeper.whose.processes();
                if orphans.is_empty() {
                    gatekeeper.take_what_is_left();
                }
                !parking.holds()
                    && gatekeeper.server_queues() == 0
                    && (working == 0 || orphans.is_empty())
                    && gatekeeper.held_by(&orphans).is_empty()
            });
            self.leave_to_others();
            parking.close();
        }
        let plugs = self.plug();
        self.shut_unix();
        if self.desk.is_some() {
            observer.gate_opened();
            self.wait_for(until, &mut *wait, |gatekeeper| {
                // Without a plug handshakes go on for ever under load.
                (plugs.is_empty() || observer.look().half_open.unwrap_or(0) == 0) && gatekeeper.nobody_left()
            });
        }
        let finished = self.finished();
        self.close_sockets(observer);
        // Not before: nobody listens any more, and the kernel refuses by itself.
        self.refusals.clear();
        self.passages.clear();
        let dropped = plugs.iter().any(Plug::has_dropped).then(Instant::now).max(self.missed);
        drop(plugs);
        let tried_again = dropped.map(|at| at + RETRANSMISSION).filter(|at| *at > Instant::now());
        // As PID 1 of a container, or beside one, our network namespace may end with us, and with it who refuses the
        // retransmissions.
        if let Some(tried_again) = tried_again
            && (getpid().is_init() || self.whose.are_other_containers())
        {
            debug!("staying until the SYNs that were dropped are tried again and refused");
            self.wait_for(until.min(tried_again), wait, |_| false);
        }
        finished
    }

    /// Answers as many as have come to lameduck until now, until `until` at the latest; gives what has become of whom. More
    /// may come all the time.
    pub fn answer_all(&mut self, until: Instant, wait: Wait) -> Finished {
        let come = self.finished().ended() + self.left();
        self.wait_for(until, wait, |gatekeeper| {
            gatekeeper.nobody_left() || gatekeeper.finished().ended() >= come
        });
        let finished = self.finished();
        let left_behind = finished.left_behind.min(come.saturating_sub(finished.ended()));
        Finished { left_behind, ..finished }
    }

    /// What has become of whom until now.
    #[must_use]
    fn finished(&self) -> Finished {
        let served = |kind| self.desk.as_ref().map(|desk| desk.served(kind)).unwrap_or_default();
        Finished {
            late_arrivals: served(Kind::LateArrival),
            the_rest: served(Kind::Rest),
            late_requests: served(Kind::LateRequest),
            left_behind: self.left(),
        }
    }

    /// Whoever still listens goes on as if we had never been there.
    pub fn leave_to_others(&mut self) {
        let theirs = self.held_by(&self.whose.processes());
        for watched in
            self.listeners.watched.extract_if(.., |watched| theirs.contains(&watched.listener.inode))
        {
            let Listener { address, inode, .. } = watched.listener;
            warn!(%address, "another process still listens here: leaving the listener to it");
            self.refusals.retain(|refusal| Some(refusal.address()) != address.tcp());
            address.tcp().into_iter().for_each(|address| self.passages.leave(address));
            let groups = self.groups.extract_if(.., |group| Some(group.address()) == address.tcp());
            let paths = self.paths.extract_if(.., |gate| gate.listener().inode == inode);
            for stray in groups.flat_map(Group::undo).chain(paths.flat_map(PathGate::undo)) {
                let Some(desk) = &self.desk else { continue };
                desk.serve(stray, Kind::LateArrival);
            }
        }
    }

    /// The inodes of the listeners that these processes hold.
    fn held_by(&self, processes: &HashSet<Pid>) -> HashSet<u64> {
        let ours = self.listeners.watched.iter().map(|watched| watched.listener.inode).collect();
        holders(processes, &ours).0.into_keys().collect()
    }

    /// Waits until `done`; gives up at `until` or when there is to be no more waiting.
    pub(super) fn wait_for(&mut self, until: Instant, wait: Wait, mut done: impl FnMut(&mut Self) -> bool) {
        loop {
            let begin = Begin::now();
            if done(self) {
                return;
            }
            let pause = PACE.max(Share::Lasting.pause(begin.cost()));
            let left = until.saturating_duration_since(Instant::now());
            let pause = self.serve_meanwhile(Some(pause.min(left)), || false).unwrap_or_default();
            if left.is_zero() || wait(pause) {
                return;
            }
        }
    }

    fn plug(&mut self) -> Vec<Plug> {
        let listeners = &self.listeners;
        let set = |group: &mut Group| {
            let joined_later = listeners.joined_later(group.address(), group.server());
            let plug = group.take_early_plug().map_or_else(|| group.plug(joined_later), Ok);
            plug.inspect_err(|error| warn!("closing without a plug: {error}")).ok()
        };
        self.groups.iter_mut().filter_map(set).collect()
    }

    /// Queues first: a connection leaves its queue only after the desk has counted it.
    fn left(&self) -> u64 {
        let groups = self.groups.iter().flat_map(Group::sockets).map(|ours| &**ours);
        let ours: u64 = groups.chain(self.paths.iter().map(PathGate::ours)).map(queued).sum();
        self.server_queues() + ours + self.desk.as_ref().map_or(0, Desk::busy)
    }

    fn server_queues(&self) -> u64 {
        self.listeners.watched.iter().filter_map(|watched| watched.duplicate.as_deref()).map(queued).sum()
    }

    /// Looked at twice, because a taker counts a connection an instant after taking it.
    fn nobody_left(&self) -> bool {
        self.left() == 0 && {
            std::thread::yield_now();
            self.left() == 0
        }
    }

    /// Closes the desk and every listener that we hold. The observer holds them too: as long as one is open, the kernel
    /// completes handshakes with nobody.
    fn close_sockets(&mut self, observer: &mut Observer) {
        observer.watch(Vec::new());
        if let Some(desk) = self.desk.take() {
            desk.close();
        }
        self.groups.clear();
        self.paths.clear();
        self.listeners.let_go();
    }
}

fn queued(listener: &OwnedFd) -> u64 {
    accept_queue(listener).0.or_else(|| unix::queue_of(listener)).unwrap_or(0).into()
}
