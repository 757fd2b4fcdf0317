//! The loop: signals and looks go into the drain, its actions come out.
#[cfg(feature = "kubernetes")]
use super::cluster::Cluster;
use super::gatekeeper::Gatekeeper;
use super::looking::Looking;
use super::pace::{Begin, Share};
use super::parking::Parking;
use super::reporting::Times;
use super::server::Server;
use crate::cli::TelemetryArgs;
use crate::drain::{Action, Drain, Endpoints, Event, Observation, Outcome, Phase, Policy};
use crate::sockets::OwnCalls;
use crate::supervisor::{ExitCodes, Routing, Signal, Signals, Status};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::{info, warn};

/// When the process tree is looked at again during a drain.
pub(super) const REFRESH_PACE: Duration = Duration::from_millis(100);

/// A server that runs, and all that lameduck knows of it.
pub struct Supervision {
    pub(super) signals: Signals,
    pub(super) routing: Routing,
    pub(super) server: Server,
    pub(super) drain: Drain,
    pub(super) begin: Instant,
    pub(super) gatekeeper: Gatekeeper,
    pub(super) parking: Parking,
    #[cfg(feature = "kubernetes")]
    pub(super) cluster: Cluster,
    /// Who comes to lameduck itself, where it listens all the time.
    pub(super) own_calls: Option<Arc<OwnCalls>>,
    /// Exists from the stop signal on.
    pub(super) looking: Option<Looking>,
    pub(super) refresh_due: Duration,
    /// Those who had been passed on to the server by the look before.
    passed_on: u64,
    pub(super) silent_grace: Duration,
    /// How long may be spent on answering the rest, once the server is gone.
    pub(super) closing_within: Duration,
    /// When we shall be killed, counted from the stop signal.
    pub(super) deadline: Option<Duration>,
    /// What the endpoints were last told to be, and since when.
    pub(super) endpoints: (Endpoints, Option<Instant>),
    pub(super) signal_in: Option<Signal>,
    pub(super) signal_out: Option<Signal>,
    pub(super) outcome: Outcome,
    pub(super) killed: bool,
    pub(super) times: Times,
    pub(super) telemetry: TelemetryArgs,
    /// What is told in place of the server's exit status.
    exit_codes: ExitCodes,
}

impl Supervision {
    /// A server that runs.
    #[must_use]
    pub fn new(
        signals: Signals,
        routing: Routing,
        server: Server,
        policy: Policy,
        gatekeeper: Gatekeeper,
        parking: Parking,
        telemetry: TelemetryArgs,
    ) -> Self {
        Self {
            signals,
            routing,
            server,
            begin: Instant::now(),
            gatekeeper,
            parking,
            #[cfg(feature = "kubernetes")]
            cluster: Cluster::default(),
            own_calls: None,
            looking: None,
            refresh_due: Duration::ZERO,
            passed_on: 0,
            silent_grace: policy.silent_grace,
            closing_within: policy.reserve,
            deadline: policy.deadline,
            drain: Drain::new(policy),
            endpoints: (Endpoints::Unknown, None),
            signal_in: None,
            signal_out: None,
            outcome: Outcome::ServerExited,
            killed: false,
            times: Times::default(),
            telemetry,
            exit_codes: ExitCodes::default(),
        }
    }

    /// The same, and of some exit statuses of the server others are told.
    #[must_use]
    pub fn telling(self, exit_codes: ExitCodes) -> Self {
        Self { exit_codes, ..self }
    }

    /// The exit status that tells how the server ended.
    pub(super) fn told(&self, status: Status) -> u8 {
        let Some(told) = self.exit_codes.instead_of(status) else { return status.code() };
        info!("the server {status}: ending with status {told} in place of {} (--exit-code)", status.code());
        told
    }

    /// Runs to the end; gives the exit status.
    #[must_use]
    pub fn run(mut self) -> u8 {
        let ended = loop {
            let timeout = self.timeout();
            self.wait(timeout);
            self.receive_signals();
            self.notice_the_hook();
            if self.drain.phase() != Phase::Serving && self.server.ended().is_none() {
                self.hear_from_the_cluster();
                self.look();
            }
            // By itself, or because it has just been left.
            if let Some(ended) = self.server.ended() {
                break ended;
            }
        };
        self.exited(ended)
    }

    /// How long nothing will need doing; `None`, while serving: until a signal comes.
    fn timeout(&self) -> Option<Duration> {
        let look = match self.drain.phase() {
            Phase::LameDuck | Phase::Gated => self.looking.as_ref().map(Looking::due),
            Phase::Stopping => self.parking.due().map(|due| due.saturating_duration_since(self.begin)),
            Phase::Serving | Phase::Exited => None,
        };
        let paces = [self.server.pace(), self.gatekeeper.pace()].map(|pace| Some(self.now() + pace?));
        let due = [look, self.drain.wake_at()].into_iter().chain(paces).flatten().min()?;
        Some(due.saturating_sub(self.now()))
    }

    /// Waits for a signal, the end of a server that is not ours, a connection's end where that decides, or the time.
    fn wait(&mut self, timeout: Option<Duration>) {
        let endings =
            self.looking.as_ref().and_then(Looking::endings).filter(|_| self.drain.phase() == Phase::Gated);
        let readable = |source| PollFd::from_borrowed_fd(source, PollFlags::IN);
        let mut sources = vec![readable(self.signals.as_fd())];
        sources.extend(self.server.sources().into_iter().map(readable));
        let others = sources.len();
        sources.extend(endings.map(|endings| readable(endings.as_fd())));
        let timeout = self.gatekeeper.serve_meanwhile(timeout, || {
            // Failing, it is waited for below.
            poll(&mut sources, Some(&Timespec::default())) != Ok(0)
        });
        let timeout = timeout.map(|timeout| Timespec::try_from(timeout).unwrap_or_default());
        match poll(&mut sources, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => {
                warn!(%error, "cannot wait for signals; looking again in a moment");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        let ended = sources.get(others).is_some_and(|endings| !endings.revents().is_empty());
        if let Some(looking) = self.looking.as_mut().filter(|_| ended) {
            looking.hurry();
        }
    }

    /// Looks, where a look is due, and lets the drain decide.
    fn look(&mut self) {
        let (now, phase) = (self.now(), self.drain.phase());
        let turned_away = self.gatekeeper.turn_away();
        if let Some(looking) = self.looking.as_mut().filter(|_| turned_away && self.gatekeeper.stands()) {
            // Handshakes that came to us meanwhile end with us, and are the last.
            looking.observer.gate_closed();
        }
        let event = match &mut self.looking {
            Some(looking) if now >= looking.due() => {
                if matches!(phase, Phase::LameDuck | Phase::Gated) && now >= self.refresh_due {
                    let begin = Begin::now();
                    self.gatekeeper.refresh(&mut looking.observer);
                    self.refresh_due = Share::Lasting.again(now, begin.cost(), REFRESH_PACE);
                    if phase == Phase::Gated && !self.gatekeeper.stands() {
                        looking.observer.gate_opened();
                    }
                }
                let before = self.gatekeeper.traffic();
                if before.waited_for > 0 || before.passed_on != self.passed_on {
                    looking.observer.somebody_joined();
                }
                self.passed_on = before.passed_on;
                let for_requests = self.drain.waits_for_requests(now);
                let seen = looking.look(now, phase, for_requests, &mut self.parking);
                self.gatekeeper.answer(self.parking.late_requests());
                // Whoever became the server's while that was looked at was not seen.
                let after = self.gatekeeper.traffic();
                let joining = after.waited_for + after.passed_on.saturating_sub(before.passed_on);
                // A late request is one that somebody waits for.
                let ours = self.gatekeeper.answering().saturating_add(joining.try_into().unwrap_or(u32::MAX));
                seen.map(|seen| with_ours(seen, ours)).map_or(Event::Tick, Event::Observed)
            }
            _ => Event::Tick,
        };
        if phase == Phase::Stopping {
            self.parking.let_go();
            self.gatekeeper.answer(self.parking.late_requests());
        }
        self.step(event);
    }

    pub(super) fn step(&mut self, event: Event) {
        for action in self.drain.step(self.now(), event) {
            match action {
                Action::PrepareGate => self.prepare_gate(),
                Action::CloseGate => self.close_gate(),
                Action::AnswerTheRest => self.answer_the_rest(),
                Action::Forward(outcome) => self.forward(outcome),
                Action::Kill => self.kill(),
            }
        }
    }

    pub(super) fn now(&self) -> Duration {
        self.begin.elapsed()
    }
}

/// Adds what is in flight at lameduck, so that it counts where nothing tells what is in flight at the server, too.
fn with_ours(seen: Observation, ours: u32) -> Observation {
    let in_flight = seen.in_flight.map(|theirs| theirs.saturating_add(ours)).or((ours > 0).then_some(ours));
    Observation { in_flight, ..seen }
}
