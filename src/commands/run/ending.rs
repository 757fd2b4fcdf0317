//! The server has ended: save whom it left, close, report.
use super::looking::Looking;
use super::reporting::{self, Gate};
use super::signals::is_hasty;
use super::supervision::Supervision;
use crate::cli::TelemetryArgs;
use crate::drain::{Event, Phase};
use crate::sockets::processes::descendants;
use crate::supervisor::{Child, Route, Routing, Signals, Status};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::getpid;
use std::time::{Duration, Instant};
use tracing::debug;

impl Supervision {
    /// Answers the rest, closes and reports; gives the exit status.
    pub(super) fn exited(mut self, status: Status, telemetry: &TelemetryArgs) -> u8 {
        let phase = self.drain.phase();
        self.times.exited = Some(Instant::now());
        self.step(Event::Exited);
        if phase < Phase::Stopping {
            debug!("the server {status} by itself");
        }
        let mut looking = self.looking.take().unwrap_or_else(|| Looking::new(self.silent_grace));
        // What its other processes still hold, and what lameduck listens on itself, is all that can be saved.
        let left =
            phase > Phase::Serving || self.gatekeeper.listeners.ours() || !descendants(getpid()).is_empty();
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
        let (mut gatekeeper, mut parking, signals, routing, mut child) =
            (self.gatekeeper, self.parking, self.signals, self.routing, self.child);
        let mut hurried = false;
        let finished = gatekeeper.finish(&mut looking.observer, &mut parking, until, &mut |pause| {
            hurried = hurried || told_to_hurry(&signals, &routing, &mut child, pause);
            hurried
        });
        self.times.ended = Some(Instant::now());
        let facts = reporting::Facts {
            outcome: self.outcome,
            times: self.times,
            signals: (self.signal_in, self.signal_out),
            killed: self.killed,
            endpoints: self.endpoints,
            deadline: self.deadline,
            status,
        };
        reporting::say(&facts.report(gate, &looking, parking.figures(), &finished), telemetry);
        status.code()
    }

    /// Until when the rest may be answered: we may be killed at the deadline.
    fn closing_until(&self) -> Instant {
        let now = Instant::now();
        let within = now + self.closing_within;
        let killed_at = self.times.stopped.zip(self.deadline).map(|(stopped, deadline)| stopped + deadline);
        killed_at.map_or(within, |killed_at| within.min(killed_at).max(now))
    }
}

/// Waits for the pause or a signal, reaps, and says whether a signal asks for haste.
fn told_to_hurry(signals: &Signals, routing: &Routing, child: &mut Child, pause: Duration) -> bool {
    let pause = Timespec::try_from(pause).unwrap_or_default();
    // Failing, it would only look more often.
    let _ = poll(&mut [PollFd::new(signals, PollFlags::IN)], Some(&pause));
    let mut hurry = false;
    while let Ok(Some(received)) = signals.next() {
        match routing.route(received.signal) {
            Route::ChildChanged => {
                child.reap();
            }
            Route::Stop(_) => hurry = true,
            Route::Forward(_) => hurry |= is_hasty(received.signal),
        }
    }
    hurry
}
