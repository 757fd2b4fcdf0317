//! A server that is drained for a hook (`lameduck wait`): the hook is told when everybody is served, and whoever called it
//! stops the server then.
use super::closing::Finished;
use super::ending::told_to_hurry;
use super::reporting::{self, Gate, sentence};
use super::server::Server;
use super::supervision::Supervision;
use crate::commands::EXIT_LAMEDUCK_FAILED;
use crate::drain::{Event, Outcome, Phase, Report};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;
use tracing::{info, warn};

/// The server of somebody else, and the hook that waits for us.
#[derive(Debug)]
pub struct Hooked {
    /// A pidfd of the process that is the server's first.
    main: OwnedFd,
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
    /// Of this process; `draining` is closed when the hook is told.
    ///
    /// # Errors
    /// ESRCH: it is gone; EMFILE: no descriptor is left.
    pub fn new(main: Pid, hook: OwnedFd, draining: OwnedFd) -> io::Result<Self> {
        let main = pidfd_open(main, PidfdFlags::empty())?;
        Ok(Self { main, hook: Some(hook), draining: Some(draining), released: false })
    }

    /// Whether the server has ended, or is left.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.released || is_ready(self.main.as_fd())
    }

    /// A pidfd is readable when its process has ended, a pipe that nobody will read any more has an error (poll(2)).
    #[must_use]
    pub fn sources(&self) -> Vec<BorrowedFd<'_>> {
        std::iter::once(&self.main).chain(&self.hook).map(AsFd::as_fd).collect()
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
        let until = self.closing_until();
        let (signals, routing, server) = (&self.signals, &self.routing, &mut self.server);
        self.gatekeeper.answer_all(until, &mut |pause| told_to_hurry(signals, routing, server, pause));
        self.times.forwarded = Some(Instant::now());
        let finished = self.gatekeeper.finished();
        let Some(looking) = &self.looking else { return };
        let facts = self.facts(self.verdict(&finished));
        let report = facts.report(Gate::of(&self.gatekeeper), looking, self.parking.figures(), &finished);
        reporting::say(&report, true, &self.telemetry);
        if let Server::Hooked(hooked) = &mut self.server {
            hooked.tell(&report);
        }
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

/// Whether it can be read, or never will be.
fn is_ready(source: BorrowedFd) -> bool {
    let now = Timespec::default();
    let mut sources = [PollFd::from_borrowed_fd(source, PollFlags::IN)];
    matches!(poll(&mut sources, Some(&now)), Ok(ready) if ready > 0)
}
