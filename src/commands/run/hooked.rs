//! A server that is drained for a hook (`lameduck wait`): the hook is told when everybody is served, and whoever called it
//! stops the server then.
use super::choosing;
use super::closing::Finished;
use super::cluster::Cluster;
use super::end::{End, is_ready};
use super::ending::told_to_hurry;
use super::gatekeeper::Gatekeeper;
use super::parking::Parking;
use super::reporting::{self, Gate, sentence};
use super::server::Server;
use super::supervision::Supervision;
use crate::cli::HookArgs;
use crate::commands::EXIT_LAMEDUCK_FAILED;
use crate::drain::{Event, Outcome, Phase, Report};
use crate::sockets::{OwnCalls, Whose};
use crate::supervisor::{Routing, Signal, Signals};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::{info, warn};

/// The server of somebody else, and the hook that waits for us.
#[derive(Debug)]
pub struct Hooked {
    end: End,
    /// A pipe to the hook, until it has been told.
    hook: Option<OwnedFd>,
    /// Closed when it has been told: others wait for that.
    draining: Option<OwnedFd>,
    /// Nobody has stopped the server: it is left as it was.
    released: bool,
}

/// What the hook is told: one line of JSON.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its exit status.
    pub status: u8,
    /// What it says.
    pub line: String,
}

/// What has kept a drain from beginning.
impl From<String> for Told {
    fn from(line: String) -> Self {
        Self { status: EXIT_LAMEDUCK_FAILED, line }
    }
}

impl Hooked {
    /// A server that ends like that; `draining` is closed when the hook is told.
    #[must_use]
    pub fn new(end: End, hook: OwnedFd, draining: Option<OwnedFd>) -> Self {
        Self { end, hook: Some(hook), draining, released: false }
    }

    /// Whether the server has ended, or is left.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.released || self.end.has_come()
    }

    /// How often it is to be asked whether the server has ended; `None`: [`Self::sources`] tell.
    #[must_use]
    pub fn pace(&self) -> Option<Duration> {
        self.end.pace()
    }

    /// A pidfd is readable when its process has ended, a pipe that nobody will read any more has an error (poll(2)).
    #[must_use]
    pub fn sources(&self) -> Vec<BorrowedFd<'_>> {
        self.end.source().into_iter().chain(&self.hook).map(AsFd::as_fd).collect()
    }

    /// Whether the hook has been told.
    #[must_use]
    pub fn has_told(&self) -> bool {
        self.hook.is_none()
    }

    /// Has the hook return. One that is gone hears nothing.
    pub(super) fn tell(&mut self, report: &Report) {
        drop(self.draining.take());
        let Some(hook) = self.hook.take() else { return };
        let told = Told { status: report.exit_status, line: sentence(report).to_owned() };
        let mut line = serde_json::to_string(&told).unwrap_or_default();
        line.push('\n');
        if let Err(error) = File::from(hook).write_all(line.as_bytes()) {
            info!(%error, "the hook has not waited for its end");
        }
    }

    /// Whether the hook was ended before it was told. Says so once.
    fn has_lost_its_hook(&mut self) -> bool {
        self.hook.take_if(|hook| is_ready(hook.as_fd())).is_some()
    }
}

impl Supervision {
    /// A server of somebody else, to be drained when [`Self::run_for_hook`] is called.
    ///
    /// # Errors
    /// When the gate that was asked for cannot be had.
    pub fn for_hook(
        whose: Whose,
        hooked: Hooked,
        signals: Signals,
        options: &HookArgs,
    ) -> Result<Self, String> {
        let in_kubernetes = choosing::in_kubernetes();
        let refuses = choosing::refuses(&options.sockets, &options.late_arrivals, in_kubernetes)?;
        choosing::settles(&options.drain, in_kubernetes);
        let policy = options.drain.policy(in_kubernetes, Some(options.release_after));
        let settings = options.late_arrivals.settings(policy.silent_grace);
        let gatekeeper =
            Gatekeeper::new(whose.clone(), &options.sockets, refuses, Vec::new(), None, settings);
        let parking = Parking::new(whose, &options.park, policy.silent_grace);
        let routing = Routing::new(vec![Signal::TERM], Vec::new());
        let (server, telemetry) = (Server::Hooked(hooked), options.telemetry.clone());
        let supervision = Self::new(signals, routing, server, policy, gatekeeper, parking, telemetry);
        Ok(supervision.asking(Cluster::of_hook(options, in_kubernetes)))
    }

    /// The same, for one who is called at a listener that is always open.
    #[must_use]
    pub fn leaving_out(mut self, own_calls: Arc<OwnCalls>) -> Self {
        self.own_calls = Some(own_calls);
        self
    }

    /// Drains a server whose hook has been called; gives the exit status.
    #[must_use]
    pub fn run_for_hook(mut self) -> u8 {
        info!("hook: draining");
        self.begin_drain();
        self.step(Event::StopSignal);
        self.run()
    }

    /// Whoever called the hook goes on without it: the server gets its signal, or has it.
    pub(super) fn notice_the_hook(&mut self) {
        let Server::Hooked(hooked) = &mut self.server else { return };
        if hooked.has_lost_its_hook() && self.drain.phase() < Phase::Stopping {
            warn!("the hook was ended: not waiting any longer");
            self.step(Event::Skip);
        }
    }

    /// Everything is to be empty when the hook returns: where the server is process 1, we end with it.
    pub(super) fn return_to_the_hook(&mut self) {
        let Some(mut report) = self.everybody_answered() else { return };
        reporting::say(&report, true, &self.telemetry);
        self.announce(&report);
        if self.ends_with_the_server() {
            self.finish_announcing();
            let Some(again) = self.everybody_answered() else { return };
            report = again;
        }
        if let Server::Hooked(hooked) = &mut self.server {
            hooked.tell(&report);
        }
    }

    /// Answers all who have come until now.
    fn everybody_answered(&mut self) -> Option<Report> {
        let until = self.closing_until();
        let (signals, routing, server) = (&self.signals, &self.routing, &mut self.server);
        let mut wait = |pause| told_to_hurry(signals, routing, server, pause);
        let finished = self.gatekeeper.answer_all(until, &mut wait);
        self.times.forwarded = Some(Instant::now());
        let (gate, facts) = (Gate::of(&self.gatekeeper), self.facts(self.verdict(&finished)));
        Some(facts.report(gate, self.looking.as_ref()?, self.parking.figures(), &finished))
    }

    /// Whether we may end at the instant in which the server does, as with process 1 of a container.
    fn ends_with_the_server(&self) -> bool {
        matches!(&self.server, Server::Hooked(Hooked { end: End::Process(_), .. }))
    }

    /// The exit status of a hook.
    pub(super) fn verdict(&self, finished: &Finished) -> u8 {
        u8::from(self.outcome == Outcome::TimedOut || finished.left_behind > 0)
    }

    /// The hook has returned, and nobody has stopped the server.
    pub(super) fn release(&mut self) {
        if let Server::Hooked(hooked) = &mut self.server {
            warn!(
                "nobody has stopped the server since the hook returned: leaving it as it was (--release-after)"
            );
            hooked.released = true;
            self.parking.close();
            self.gatekeeper.leave_to_others();
        }
    }
}
