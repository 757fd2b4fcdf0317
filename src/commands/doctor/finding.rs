//! What one trial has shown.
use serde::Serialize;
use std::borrow::Cow;

/// How much of it works here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// All that lameduck needs.
    Ok,
    /// Something, or by a weaker way.
    Weaker,
    /// Nothing.
    Missing,
}

/// What one trial has shown. Its serialized form is a part of what `--json` prints: names are stable.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What was tried.
    pub subject: &'static str,
    /// How much of it works here.
    pub state: State,
    /// What was seen.
    pub seen: String,
    /// What to set, where there is something to be had.
    pub advice: Option<Cow<'static, str>>,
}

impl Finding {
    /// It works.
    pub fn ok(subject: &'static str, seen: impl Into<String>) -> Self {
        Self { subject, state: State::Ok, seen: seen.into(), advice: None }
    }

    /// It works in part, or by a weaker way.
    pub fn weaker(
        subject: &'static str,
        seen: impl Into<String>,
        advice: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { subject, state: State::Weaker, seen: seen.into(), advice: Some(advice.into()) }
    }

    /// It does not work.
    pub fn missing(
        subject: &'static str,
        seen: impl Into<String>,
        advice: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { subject, state: State::Missing, seen: seen.into(), advice: Some(advice.into()) }
    }

    /// Whether all of it works.
    pub fn is_ok(&self) -> bool {
        self.state == State::Ok
    }

    /// Whether some of it works.
    pub fn is_there(&self) -> bool {
        self.state != State::Missing
    }
}

impl State {
    /// As it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Weaker => "weaker",
            Self::Missing => "missing",
        }
    }
}
