//! How a process ended, and the exit status that tells it.
use super::signal::Signal;
use rustix::process::WaitStatus;
use std::fmt;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// By itself, with this exit status.
    Exited(u8),
    /// By this signal.
    Killed(Signal),
}

impl Status {
    /// The exit status with which lameduck tells it: the server's own, or 128 + n for signal n, as shells
    /// have it.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Exited(code) => code,
            // 128 + 64 at most.
            Self::Killed(signal) => u8::try_from(128 + signal.number()).unwrap_or(u8::MAX),
        }
    }

    /// Reads what wait(2) tells; `None` when the process has not ended but was stopped or continued.
    pub(super) fn of(status: WaitStatus) -> Option<Self> {
        // exit(3) keeps the low 8 bits only.
        let code = status.exit_status().and_then(|code| u8::try_from(code).ok()).map(Self::Exited);
        code.or_else(|| status.terminating_signal().and_then(Signal::new).map(Self::Killed))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exited with status {code}"),
            Self::Killed(signal) => write!(f, "was killed by {signal}"),
        }
    }
}
