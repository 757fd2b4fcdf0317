//! The closing line and the report file.
use super::closing::Finished;
use super::gatekeeper::Gatekeeper;
use super::looking::Looking;
use super::termination_message;
use crate::cli::TelemetryArgs;
use crate::drain::{Answers, Endpoints, LeftBehind, Outcome, Report, SocketReport};
use crate::late_arrivals::Served;
use crate::park::Figures;
use crate::supervisor::Signal;
use rustix::fs::OFlags;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};
use tracing::{info, warn};

/// When each phase began; absent where it never did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Times {
    /// The stop signal.
    pub stopped: Option<Instant>,
    /// The gate.
    pub gated: Option<Instant>,
    /// The forward.
    pub forwarded: Option<Instant>,
    /// The server's exit.
    pub exited: Option<Instant>,
    /// Our own end.
    pub ended: Option<Instant>,
}

/// The gate as it was while the server ran: afterwards there is none.
#[derive(Debug)]
pub struct Gate {
    kind: &'static str,
    reason: String,
    capture: &'static str,
    listeners: Vec<String>,
    sockets: Vec<SocketReport>,
}

impl Gate {
    /// Reads it.
    pub fn of(gatekeeper: &Gatekeeper) -> Self {
        let (kind, reason) = gatekeeper.gate();
        Self {
            kind,
            reason,
            capture: gatekeeper.listeners.capture(),
            listeners: gatekeeper.listeners.addresses(),
            sockets: gatekeeper.sockets(),
        }
    }
}

/// What happened.
#[derive(Debug)]
pub struct Facts {
    /// How the drain ended.
    pub outcome: Outcome,
    /// When what began.
    pub times: Times,
    /// The stop signal, and what the server was sent.
    pub signals: (Option<Signal>, Option<Signal>),
    /// Whether the server had to be killed.
    pub killed: bool,
    /// What the endpoints were when the gate closed, and since when.
    pub endpoints: (Endpoints, Option<Instant>),
    /// The deadline, from the stop signal on.
    pub deadline: Option<Duration>,
    /// lameduck's exit status.
    pub exit_status: u8,
}

impl Facts {
    /// Puts the report together.
    pub fn report(&self, gate: Gate, looking: &Looking, park: Figures, finished: &Finished) -> Report {
        let Times { stopped, gated, forwarded, exited, ended } = self.times;
        let name = |signal: Option<Signal>| signal.map(|signal| signal.to_string());
        Report {
            version: env!("CARGO_PKG_VERSION"),
            outcome: self.outcome,
            gate: gate.kind,
            gate_reason: gate.reason,
            capture: gate.capture,
            source: looking.observer.source(),
            listeners: gate.listeners,
            sockets: gate.sockets,
            lame_duck_ms: milliseconds(stopped, gated),
            gated_ms: milliseconds(gated, forwarded),
            stopping_ms: milliseconds(forwarded, exited),
            closing_ms: milliseconds(exited, ended),
            endpoints: self.endpoints.0,
            endpoints_ms: milliseconds(stopped, self.endpoints.1),
            deadline_ms: self.deadline.and_then(|deadline| u64::try_from(deadline.as_millis()).ok()),
            tally: looking.tally,
            late_arrivals: answers(finished.late_arrivals),
            the_rest: answers(finished.the_rest),
            late_requests: answers(finished.late_requests),
            park,
            left_behind: LeftBehind { unanswered: finished.left_behind },
            signal_in: name(self.signals.0),
            signal_out: name(self.signals.1.filter(|_| forwarded.is_some())),
            killed: self.killed,
            exit_status: self.exit_status,
        }
    }
}

/// Says it in the log and in the termination message, if there was a drain or somebody to answer, and where wanted in a file.
pub fn say(report: &Report, drained: bool, telemetry: &TelemetryArgs) {
    if is_worth_a_word(report, drained) {
        closing_line(report);
        termination_message::write(report, telemetry.termination_log.as_deref());
    }
    write_where_wanted(report, telemetry);
}

/// Whether there was a drain, or somebody to answer.
pub fn is_worth_a_word(report: &Report, drained: bool) -> bool {
    let nobody = Answers::default();
    drained || all_taken(report).iter().any(|answers| *answers != nobody)
}

/// Writes it into the file of `--report`.
pub fn write_where_wanted(report: &Report, telemetry: &TelemetryArgs) {
    if let Some(file) = &telemetry.report
        && let Err(error) = write(report, file)
    {
        warn!(%error, file = %file.display(), "cannot write the report (--report)");
    }
}

/// What became of all whom lameduck took itself.
pub fn all_taken(report: &Report) -> [Answers; 3] {
    [report.late_arrivals, report.the_rest, report.late_requests]
}

/// How many were lost because they came on TLS when the server had been told to stop.
pub fn alerted(report: &Report) -> u64 {
    all_taken(report).iter().map(|answers| answers.alerted).sum()
}

/// The outcome, for people.
pub fn sentence(report: &Report) -> &'static str {
    let tally = &report.tally;
    let figures = [tally.queue, tally.half_open, tally.unread, tally.in_flight, tally.silent];
    let waiting = figures.iter().any(|figure| figure.at_forward.is_some_and(|left| left > 0));
    match report.outcome {
        // By --wait-for or --in-flight-timeout.
        Outcome::Drained if waiting => "all that was to be waited for was over when the server was stopped",
        Outcome::Drained => "nobody was waiting any more when the server was stopped",
        Outcome::TimedOut => "time was over before everybody was served",
        Outcome::Skipped => "a second signal came before everybody was served",
        Outcome::ServerExited => "the server went by itself",
    }
}

fn closing_line(report: &Report) {
    let (outcome, exit_status) = (report.outcome, report.exit_status);
    let sentence = sentence(report);
    let Report { lame_duck_ms, gated_ms, stopping_ms, closing_ms, gate, .. } = *report;
    let (queue_at_stop, queue_highest) = (report.tally.queue.at_stop, report.tally.queue.highest);
    let (late_answered, rest_answered) = (report.late_arrivals.answered, report.the_rest.answered);
    let late_requests_answered = report.late_requests.answered;
    let Figures { parked, cut, .. } = report.park;
    let all = all_taken(report);
    let relayed: u64 = all.iter().map(|answers| answers.relayed).sum();
    let goaway: u64 = all.iter().map(|answers| answers.goaway).sum();
    let passed_on: u64 = all.iter().map(|answers| answers.passed_on).sum();
    let alerted = alerted(report);
    info!(
        %outcome,
        %gate,
        lame_duck_ms,
        gated_ms,
        stopping_ms,
        closing_ms,
        queue_at_stop,
        queue_highest,
        late_answered,
        rest_answered,
        parked,
        late_requests_answered,
        goaway,
        passed_on,
        relayed,
        cut,
        exit_status,
        "{sentence}"
    );
    if alerted > 0 {
        warn!(
            lost = alerted,
            "came on TLS when the server had been told to stop: --late-arrivals relay and --gate refuse save them"
        );
    }
    if report.left_behind.unanswered > 0 {
        warn!(unanswered = report.left_behind.unanswered, "connections were left without an answer");
    }
}

/// Not by a file beside it and a rename: it may be a device or a pipe (`/dev/termination-log` is a mount). A pipe that
/// nobody reads must not keep us from ending.
fn write(report: &Report, file: &Path) -> io::Result<()> {
    let mut text = serde_json::to_string(report)?;
    text.push('\n');
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).custom_flags(flags).open(file)?;
    write_whole(file, &text)
}

/// Writes all of it; where there is no room for all, what is there is taken back: the half of it is no JSON.
pub(super) fn write_whole(mut file: File, text: &str) -> io::Result<()> {
    let written = file.write_all(text.as_bytes());
    if written.is_err() {
        // EINVAL: a pipe, of which nothing can be.
        let _ = file.set_len(0);
    }
    written
}

fn answers(served: Served) -> Answers {
    let Served { open: _, answered, goaway, alerted, passed_on, relayed, cut, closed, gone } = served;
    Answers { answered, goaway, alerted, passed_on, relayed, cut, closed, gone }
}

fn milliseconds(from: Option<Instant>, to: Option<Instant>) -> Option<u64> {
    u64::try_from(to?.saturating_duration_since(from?).as_millis()).ok()
}
