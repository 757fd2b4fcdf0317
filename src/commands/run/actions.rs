//! What the drain wants done, and how it is done.
use super::server::Server;
use super::supervision::{REFRESH_PACE, Supervision};
use crate::drain::Outcome;
use crate::supervisor::Signal;
use std::time::Instant;
use tracing::{info, warn};

impl Supervision {
    pub(super) fn prepare_gate(&mut self) {
        if let Some(looking) = &mut self.looking {
            self.gatekeeper.prepare(&mut looking.observer);
            self.refresh_due = self.begin.elapsed() + REFRESH_PACE;
        }
        self.ask_the_cluster();
    }

    pub(super) fn close_gate(&mut self) {
        self.leave_the_cluster();
        self.gatekeeper.close();
        if let Some(looking) = &mut self.looking {
            looking.gated(self.gatekeeper.stands());
        }
        self.parking.gated(self.begin.elapsed());
        self.times.gated = Some(Instant::now());
        let (gate, reason) = self.gatekeeper.gate();
        let capture = self.gatekeeper.listeners.capture();
        if gate == "none" {
            info!(%gate, %capture, "no gate ({reason}): waiting for an empty queue");
        } else {
            info!(%gate, %capture, "gate closed ({reason}): waiting for those who are in");
        }
    }

    /// Where everything may be killed at any time, whoever is still queued is better answered than reset.
    pub(super) fn answer_the_rest(&mut self) {
        info!("answering who is still queued: this pod may be killed at any time");
        self.gatekeeper.take_the_rest();
    }

    /// What is parked is held first. Then the signal: every microsecond before it is one in which something new may come.
    pub(super) fn forward(&mut self, outcome: Outcome) {
        self.parking.hold();
        self.gatekeeper.keep_paths();
        self.gatekeeper.close_passages();
        if let Some(signal) = self.signal_out {
            self.send(signal);
        }
        self.times.forwarded = Some(Instant::now());
        self.outcome = outcome;
        let holds_any = self.gatekeeper.listeners.capture() != "none";
        self.gatekeeper.take_the_rest();
        if matches!(self.server, Server::Hooked(_)) {
            self.parking.say();
            return self.return_to_the_hook();
        }
        let signal = self.signal_out.map(|signal| signal.to_string()).unwrap_or_default();
        if outcome == Outcome::TimedOut && holds_any {
            warn!(%signal, "time is over: forwarded, answering who is still queued");
        } else if outcome == Outcome::TimedOut {
            warn!(%signal, "time is over: forwarded; no listener is held, and who is still queued is lost when the server closes it");
        } else {
            info!(%signal, "forwarded");
        }
        self.parking.say();
    }

    pub(super) fn kill(&mut self) {
        if matches!(self.server, Server::Hooked(_)) {
            return self.release();
        }
        warn!("the server has not stopped in time: killing it (--kill-after)");
        self.killed = true;
        self.send(Signal::KILL);
    }
}
