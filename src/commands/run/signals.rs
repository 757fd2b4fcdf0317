//! Signals: those that have come, and what each is to the drain; those that the server is sent.
use super::looking::Looking;
use super::supervision::Supervision;
use crate::drain::{Event, Phase};
use crate::supervisor::{Route, Signal};
use std::sync::Arc;
use std::time::Instant;
use tracing::{info, warn};

impl Supervision {
    /// Takes all signals that have come.
    pub(super) fn receive_signals(&mut self) {
        while let Ok(Some(received)) = self.signals.next() {
            match self.routing.route(received.signal) {
                Route::ChildChanged => self.server.reap(),
                Route::Stop(sent) => self.stop_signal(received.signal, sent),
                Route::Forward(sent) if self.is_draining() && is_hasty(received.signal) => {
                    info!(signal = %received.signal, "told to hurry");
                    self.signal_out = Some(sent);
                    self.step(Event::Skip);
                }
                Route::Forward(sent) => self.send(sent),
            }
        }
        self.tell_a_successor();
    }

    /// Whoever takes the place of a server that has been told to stop has to hear of it, too.
    fn tell_a_successor(&mut self) {
        if self.server.is_new() && self.drain.phase() == Phase::Stopping {
            let told = if self.killed { Some(Signal::KILL) } else { self.signal_out };
            if let Some(signal) = told {
                self.send(signal);
            }
        }
    }

    fn stop_signal(&mut self, received: Signal, sent: Signal) {
        match self.drain.phase() {
            Phase::Serving => {
                info!(signal = %received, "stop signal: draining");
                (self.signal_in, self.signal_out) = (Some(received), Some(sent));
                self.begin_drain();
            }
            Phase::LameDuck | Phase::Gated => {
                info!(signal = %received, "second stop signal: not waiting any longer");
                self.signal_out = Some(sent);
            }
            Phase::Stopping | Phase::Exited => self.send(sent),
        }
        self.step(Event::StopSignal);
    }

    pub(super) fn begin_drain(&mut self) {
        self.times.stopped = Some(Instant::now());
        let mut looking = Looking::new(self.silent_grace);
        if let Some(own_calls) = &self.own_calls {
            looking.observer.leave_out(Arc::clone(own_calls));
        }
        self.looking = Some(looking);
    }

    pub(super) fn send(&self, signal: Signal) {
        if let Err(error) = self.server.send(signal) {
            warn!(%signal, %error, "cannot signal the server");
        }
    }

    fn is_draining(&self) -> bool {
        matches!(self.drain.phase(), Phase::LameDuck | Phase::Gated)
    }
}

/// The signals of an impatient keyboard.
pub(super) fn is_hasty(signal: Signal) -> bool {
    [Signal::INT, Signal::QUIT].contains(&signal)
}
