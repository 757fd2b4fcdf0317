//! The termination message: what `kubectl describe pod` shows of a drain, and what is left when the container's log is gone.
//! One line for people, then the report as compact JSON.
use super::reporting::{all_taken, sentence, write_whole};
use crate::drain::Report;
use rustix::fs::OFlags;
use serde_json::Value;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;
use tracing::{debug, warn};

/// Where the kubelet reads it unless the container names another file (v1.TerminationMessagePathDefault).
pub const DEFAULT: &str = "/dev/termination-log";
/// The kubelet shows so much of it, bytes (`MaxContainerTerminationMessageLength`, kubelet/container/runtime.go): what is
/// cut is no JSON any more.
const LONGEST: usize = 4096;
/// What is left out of the JSON, in this order, until it fits: lists first.
const SPARE: [&str; 3] = ["sockets", "listeners", "gate_reason"];

/// Writes it into `file`, or where Kubernetes looks for it. What the server has written there itself stays alone.
pub fn write(report: &Report, file: Option<&Path>) {
    let asked_for = file.is_some();
    let file = file.unwrap_or(Path::new(DEFAULT));
    if !asked_for && !file.is_file() {
        return;
    }
    match put(report, file) {
        Ok(true) => {}
        Ok(false) => debug!(file = %file.display(), "the server has left a termination message of its own"),
        Err(error) => {
            warn!(%error, file = %file.display(), "cannot write the termination message (--termination-log)");
        }
    }
}

fn put(report: &Report, file: &Path) -> io::Result<bool> {
    if fs::metadata(file)?.len() > 0 {
        return Ok(false);
    }
    // A pipe that nobody reads must not keep us from ending.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().write(true).custom_flags(flags).open(file)?;
    write_whole(file, &message(report))?;
    Ok(true)
}

fn message(report: &Report) -> String {
    let line = line(report);
    let Ok(mut json) = serde_json::to_value(report) else { return line };
    for name in std::iter::once(None).chain(SPARE.map(Some)) {
        if let (Some(name), Value::Object(fields)) = (name, &mut json) {
            fields.remove(name);
        }
        let whole = format!("{line}{json}\n");
        if whole.len() <= LONGEST {
            return whole;
        }
    }
    line
}

fn line(report: &Report) -> String {
    format!("lameduck: {}\n", summary(report))
}

/// How the drain went, in one line for people.
#[must_use]
pub fn summary(report: &Report) -> String {
    let times = [report.lame_duck_ms, report.gated_ms, report.stopping_ms, report.closing_ms];
    let seconds = Duration::from_millis(times.into_iter().flatten().sum());
    let taken = all_taken(report);
    let answered: u64 = taken.iter().map(|answers| answers.answered + answers.goaway).sum();
    let relayed: u64 = taken.iter().map(|answers| answers.relayed).sum();
    let unanswered = report.left_behind.unanswered;
    format!(
        "{} ({}, {:.1} s, gate {}); answered by lameduck {answered}, relayed {relayed}, left unanswered \
         {unanswered}; exit status {}",
        sentence(report),
        report.outcome,
        seconds.as_secs_f64(),
        report.gate,
        report.exit_status
    )
}
