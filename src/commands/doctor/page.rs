//! What the doctor says: for people, and as JSON.
use super::finding::Finding;
use super::promise::{Capture, Gate, Plan, Way};
use serde::Serialize;
use std::fmt::Write as _;

/// Everything. Its serialized form is what `--json` prints: names are stable, fields are only added.
#[derive(Debug, Serialize)]
pub struct Page {
    /// lameduck's own version.
    pub version: &'static str,
    /// What each trial has shown.
    pub findings: Vec<Finding>,
    /// What lameduck would do here.
    #[serde(flatten)]
    pub plan: Plan,
}

impl Page {
    /// The text, with a line end at its end.
    pub fn text(&self) -> String {
        format!("{}\n{}", lines(&self.findings), self.plan.lines("here"))
    }
}

/// A line for each finding, and one for what to set; each has its end.
pub fn lines(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.subject.len()).max().unwrap_or(0);
    let mut out = String::new();
    for Finding { subject, state, seen, advice } in findings {
        // Writing to a String does not fail.
        let _ = writeln!(out, "{subject:<width$}  {:<7}  {seen}", state.name());
        if let Some(advice) = advice {
            let _ = writeln!(out, "{:<width$}           > {advice}", "");
        }
    }
    out
}

impl Plan {
    /// What would be done, and what follows for whom.
    pub fn lines(&self, place: &str) -> String {
        let Self { way, capture, gate, parks, promise, sentences } = self;
        let park = if *parks { "auto" } else { "off" };
        let mut out = format!(
            "`lameduck {}` {place}: capture {}, gate {}, park {park}. Promise: {}.\n",
            way.name(),
            capture.name(),
            gate.name(),
            promise.name()
        );
        for sentence in sentences {
            let _ = writeln!(out, "{sentence}");
        }
        out
    }
}

impl Way {
    /// Its verb.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Wait => "wait",
            Self::Sidecar => "sidecar",
        }
    }
}

impl Capture {
    fn name(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Getfd => "getfd",
            Self::Bind => "bind",
            Self::None => "none",
        }
    }
}

impl Gate {
    fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Divert => "divert",
            Self::None => "none",
        }
    }
}
