//! The closing line and the report file.
use super::closing::Finished;
use super::gatekeeper::Gatekeeper;
use super::looking::Looking;
use crate::drain::{Answers, LeftBehind, Outcome, Report};
use crate::late_arrivals::Served;
use crate::supervisor::{Signal, Status};
use std::fs;
use std::path::Path;
use std::time::Instant;
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
}

impl Gate {
    /// Reads it.
    pub fn of(gatekeeper: &Gatekeeper) -> Self {
        let (kind, reason) = gatekeeper.gate();
        Self { kind, reason, capture: gatekeeper.capture(), listeners: gatekeeper.addresses() }
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
    /// How the server ended.
    pub status: Status,
}

impl Facts {
    /// Puts the report together.
    pub fn report(&self, gate: Gate, looking: &Looking, finished: &Finished) -> Report {
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
            lame_duck_ms: milliseconds(stopped, gated),
            gated_ms: milliseconds(gated, forwarded),
            stopping_ms: milliseconds(forwarded, exited),
            closing_ms: milliseconds(exited, ended),
            tally: looking.tally,
            late_arrivals: answers(finished.late_arrivals),
            the_rest: answers(finished.the_rest),
            left_behind: LeftBehind { unanswered: finished.left_behind },
            signal_in: name(self.signals.0),
            signal_out: name(self.signals.1.filter(|_| forwarded.is_some())),
            killed: self.killed,
            exit_status: self.status.code(),
        }
    }
}

/// Says it in the log and, where wanted, in a file.
pub fn say(report: &Report, file: Option<&Path>) {
    let text = serde_json::to_string(report).unwrap_or_default();
    if report.signal_in.is_some()
        || report.late_arrivals != Answers::default()
        || report.the_rest != Answers::default()
    {
        info!(
            outcome = ?report.outcome,
            gate = report.gate,
            lame_duck_ms = report.lame_duck_ms,
            gated_ms = report.gated_ms,
            stopping_ms = report.stopping_ms,
            queue_at_stop = report.tally.queue.at_stop,
            queue_highest = report.tally.queue.highest,
            late_arrivals = report.late_arrivals.answered,
            the_rest = report.the_rest.answered,
            unanswered = report.left_behind.unanswered,
            exit_status = report.exit_status,
            "the end"
        );
    }
    if let Some(file) = file
        && let Err(error) = fs::write(file, text + "\n")
    {
        warn!(%error, file = %file.display(), "cannot write the report (--report)");
    }
}

fn answers(served: Served) -> Answers {
    Answers { answered: served.answered, closed: served.closed, gone: served.gone }
}

fn milliseconds(from: Option<Instant>, to: Option<Instant>) -> Option<u64> {
    u64::try_from(to?.saturating_duration_since(from?).as_millis()).ok()
}
