//! The server has ended: save whom it left, close, report.
use super::looking::Looking;
use super::reporting::{self, Gate};
use super::server::{Ended, Server};
use super::signals::is_hasty;
use super::supervision::Supervision;
use crate::drain::{Event, Phase};
use crate::supervisor::{Route, Routing, Signals};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::time::{Duration, Instant};
use tracing::{debug, warn};

impl Supervision {
    /// Answers the rest, closes and reports; gives the exit status.
    pub(super) fn exited(mut self, ended: Ended) -> u8 {
        let phase = self.drain.phase();
        self.times.exited = Some(Instant::now());
        self.step(Event::Exited);
        self.gatekeeper.close_passages();
        if phase < Phase::Stopping {
            let how = ended.map_or("has ended".to_owned(), |status| status.to_string());
            debug!("the server {how} by itself");
        }
        if phase == Phase::Serving && ended.is_some_and(|status| status.code() == 0) {
            self.tell_of_a_daemon();
        }
        let mut looking = self.looking.take().unwrap_or_else(|| Looking::new(self.silent_grace));
        // What its other processes still hold, and what lameduck listens on itself, is all that can be saved.
        let left = phase > Phase::Serving
            || self.gatekeeper.listeners.ours()
            || !self.gatekeeper.whose.processes().is_empty();
        if phase == Phase::Serving && left {
            self.gatekeeper.prepare_after_the_end(&mut looking.observer);
        }
        if phase < Phase::Gated && left {
            self.gatekeeper.close();
            if self.gatekeeper.stands() {
                looking.observer.gate_closed();
            }
        }
        if phase < Phase::Stopping {
            // Others of its processes may have its connections.
            self.parking.hold();
            self.gatekeeper.keep_paths();
            self.gatekeeper.take_the_rest();
        }
        let gate = Gate::of(&self.gatekeeper);
        let until = self.closing_until();
        let (signals, routing, server) = (&self.signals, &self.routing, &mut self.server);
        let (gatekeeper, parking) = (&mut self.gatekeeper, &mut self.parking);
        let mut hurried = false;
        let finished = gatekeeper.finish(&mut looking.observer, parking, until, &mut |pause| {
            hurried = hurried || told_to_hurry(signals, routing, server, pause);
            hurried
        });
        self.times.ended = Some(Instant::now());
        let status = match (&self.server, ended) {
            (Server::Child(_), Some(status)) => self.told(status),
            _ => self.verdict(&finished),
        };
        let report = self.facts(status).report(gate, &looking, self.parking.figures(), &finished);
        let (drained, telemetry) = (self.times.stopped.is_some(), &self.telemetry);
        match &mut self.server {
            Server::Hooked(hooked) if hooked.has_told() => reporting::write_where_wanted(&report, telemetry),
            Server::Hooked(hooked) => {
                reporting::say(&report, drained, telemetry);
                hooked.tell(&report);
            }
            Server::Child(_) => reporting::say(&report, drained, telemetry),
        }
        if reporting::is_worth_a_word(&report, drained) {
            self.announce(&report);
        }
        self.finish_announcing();
        status
    }

    /// Whoever has gone to the background has done so by mistake: nobody looks after him there, and as PID 1 we take him along.
    fn tell_of_a_daemon(&self) {
        let left = self.gatekeeper.whose.processes().len();
        if matches!(self.server, Server::Child(_)) && left > 0 {
            warn!(
                processes = left,
                "the command has ended with status 0, and processes that it started have not: lameduck ends with the command. \
                 Run a server in the foreground (gunicorn without --daemon, nginx with -g 'daemon off;', a script with exec)"
            );
        }
    }

    /// All that the report needs to know of us.
    pub(super) fn facts(&self, exit_status: u8) -> reporting::Facts {
        reporting::Facts {
            outcome: self.outcome,
            times: self.times,
            signals: (self.signal_in, self.signal_out),
            killed: self.killed,
            endpoints: self.endpoints,
            deadline: self.deadline,
            exit_status,
        }
    }

    /// Until when the rest may be answered: we may be killed at the deadline.
    pub(super) fn closing_until(&self) -> Instant {
        let now = Instant::now();
        let within = now + self.closing_within;
        let killed_at = self.times.stopped.zip(self.deadline).map(|(stopped, deadline)| stopped + deadline);
        killed_at.map_or(within, |killed_at| within.min(killed_at).max(now))
    }
}

/// Waits for the pause or a signal, reaps, and says whether a signal asks for haste.
pub(super) fn told_to_hurry(
    signals: &Signals,
    routing: &Routing,
    server: &mut Server,
    pause: Duration,
) -> bool {
    let pause = Timespec::try_from(pause).unwrap_or_default();
    // Failing, it would only look more often.
    let _ = poll(&mut [PollFd::new(signals, PollFlags::IN)], Some(&pause));
    let mut hurry = false;
    while let Ok(Some(received)) = signals.next() {
        match routing.route(received.signal) {
            Route::ChildChanged => server.reap(),
            Route::Stop(_) => hurry = true,
            Route::Forward(_) => hurry |= is_hasty(received.signal),
        }
    }
    hurry
}
