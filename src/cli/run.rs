//! `lameduck run`.
use super::values::{self, duration};
use crate::drain::{Condition, Policy};
use crate::supervisor::Signal;
use crate::telemetry::{LogFormat, LogLevel};
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The options of `lameduck run`. A duration is a number with a unit (500ms, 25s, 2m) or a number of seconds.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The signals that stop the server
    #[arg(
        long = "stop-signal",
        env = "LAMEDUCK_STOP_SIGNAL",
        value_name = "SIGNAL",
        value_parser = values::stop_signal,
        value_delimiter = ',',
        default_value = "TERM"
    )]
    pub stop_signals: Vec<Signal>,

    /// What the server is sent in place of a signal, such as TERM=QUIT
    #[arg(
        long = "forward-signal",
        env = "LAMEDUCK_FORWARD_SIGNAL",
        value_name = "SIGNAL=SIGNAL",
        value_parser = values::signal_translation,
        value_delimiter = ','
    )]
    pub forward_signals: Vec<(Signal, Signal)>,

    /// The limits of the drain.
    #[command(flatten)]
    pub drain: DrainArgs,

    /// Which sockets, and how new connections are kept away from them.
    #[command(flatten)]
    pub sockets: SocketArgs,

    /// What is said about it.
    #[command(flatten)]
    pub telemetry: TelemetryArgs,

    /// The server's command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// The limits of the drain.
#[derive(Debug, Args)]
#[command(next_help_heading = "Drain")]
pub struct DrainArgs {
    /// The longest that the stop signal is held back
    #[arg(long, env = "LAMEDUCK_TIMEOUT", value_name = "DURATION", value_parser = duration, allow_hyphen_values = true, default_value = "25s")]
    pub timeout: Duration,

    /// When everything will be killed from outside, counted from the stop signal (the grace period)
    #[arg(long, env = "LAMEDUCK_DEADLINE", value_name = "DURATION", value_parser = duration, allow_hyphen_values = true)]
    pub deadline: Option<Duration>,

    /// How much of the time before the deadline is kept for the server's own stop
    #[arg(long, env = "LAMEDUCK_RESERVE", value_name = "DURATION", value_parser = duration, allow_hyphen_values = true, default_value = "5s")]
    pub reserve: Duration,

    /// The least time for which the server goes on being offered traffic [default: 0s, in Kubernetes 5s]
    #[arg(long, env = "LAMEDUCK_LAME_DUCK", value_name = "DURATION", value_parser = duration, allow_hyphen_values = true)]
    pub lame_duck: Option<Duration>,

    /// How long no connection may have arrived before the gate closes
    #[arg(long, env = "LAMEDUCK_SETTLE", value_name = "DURATION", value_parser = duration, allow_hyphen_values = true, default_value = "300ms")]
    pub settle: Duration,

    /// How long to wait for that, after the least time [default: as --settle, in Kubernetes 15s]
    #[arg(long, env = "LAMEDUCK_SETTLE_TIMEOUT", value_name = "DURATION", value_parser = duration, allow_hyphen_values = true)]
    pub settle_timeout: Option<Duration>,

    /// What must be gone before the server is sent its signal [default: all of them]
    #[arg(long, env = "LAMEDUCK_WAIT_FOR", value_name = "WHAT", value_delimiter = ',', value_enum)]
    pub wait_for: Vec<Condition>,

    /// How long to wait for requests in flight, once the gate is closed [default: up to the limit]
    #[arg(long, env = "LAMEDUCK_IN_FLIGHT_TIMEOUT", value_name = "DURATION", value_parser = duration, allow_hyphen_values = true)]
    pub in_flight_timeout: Option<Duration>,

    /// How old a connection that never spoke may be and still be waited for
    #[arg(long, env = "LAMEDUCK_SILENT_GRACE", value_name = "DURATION", value_parser = duration, allow_hyphen_values = true, default_value = "1s")]
    pub silent_grace: Duration,

    /// How long after its signal the server is killed [default: as --reserve]
    #[arg(long, env = "LAMEDUCK_KILL_AFTER", value_name = "DURATION", value_parser = duration, allow_hyphen_values = true)]
    pub kill_after: Option<Duration>,
}

/// Which sockets, and how new connections are kept away from them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sockets")]
pub struct SocketArgs {
    /// The server's ports; others of its listeners are left alone [default: all that it listens on]
    #[arg(long = "port", env = "LAMEDUCK_PORT", value_name = "PORT", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..))]
    pub ports: Vec<u16>,

    /// Listen here and hand the socket to the server (LISTEN_FDS, from descriptor 3 on)
    #[arg(long = "listen", env = "LAMEDUCK_LISTEN", value_name = "IP:PORT", value_delimiter = ',', value_parser = values::socket_address)]
    pub listen: Vec<SocketAddr>,

    /// How to come to hold the server's listeners
    #[arg(long, env = "LAMEDUCK_CAPTURE", value_enum, default_value = "auto")]
    pub capture: Capture,

    /// How to keep new connections away while the queue empties
    #[arg(long, env = "LAMEDUCK_GATE", value_enum, default_value = "auto")]
    pub gate: GateChoice,
}

/// What is said about it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Saying what happened")]
pub struct TelemetryArgs {
    /// Write a report of the drain here, as JSON
    #[arg(long, env = "LAMEDUCK_REPORT", value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// How the log looks
    #[arg(long, env = "LAMEDUCK_LOG_FORMAT", value_enum, default_value = "human")]
    pub log_format: LogFormat,

    /// What the log has
    #[arg(long, env = "LAMEDUCK_LOG_LEVEL", value_enum, default_value = "info")]
    pub log_level: LogLevel,
}

/// How lameduck comes to hold a duplicate of the server's listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Capture {
    /// Those of --listen, and getfd for all others where it is permitted
    Auto,
    /// Those of --listen only
    Listen,
    /// pidfd_getfd(2), when the drain begins
    Getfd,
    /// Not at all: no gate, and what is queued when time runs out is lost
    None,
}

/// How new connections are kept away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GateChoice {
    /// The strongest that works here
    Auto,
    /// They come to lameduck, which answers 503
    Divert,
    /// They are not: wait for an empty queue
    None,
}

impl DrainArgs {
    /// The drain's limits. Traffic takes seconds to go elsewhere in Kubernetes; outside of it nobody takes it away.
    #[must_use]
    pub fn policy(&self, in_kubernetes: bool) -> Policy {
        let outside_or = |outside, inside| if in_kubernetes { Duration::from_secs(inside) } else { outside };
        Policy {
            timeout: self.timeout,
            deadline: self.deadline,
            reserve: self.reserve,
            lame_duck: self.lame_duck.unwrap_or_else(|| outside_or(Duration::ZERO, 5)),
            settle: self.settle,
            settle_timeout: self.settle_timeout.unwrap_or_else(|| outside_or(self.settle, 15)),
            wait_for: if self.wait_for.is_empty() { Condition::ALL.to_vec() } else { self.wait_for.clone() },
            in_flight_timeout: self.in_flight_timeout,
            silent_grace: self.silent_grace,
            kill_after: self.kill_after.unwrap_or(self.reserve),
        }
    }
}

impl SocketArgs {
    /// What cannot be meant together.
    ///
    /// # Errors
    /// The contradiction, and the way out of it.
    pub fn check(&self) -> Result<(), String> {
        if self.capture == Capture::Listen && self.listen.is_empty() {
            return Err(
                "--capture listen holds the sockets of --listen, and there is none: add --listen IP:PORT"
                    .into(),
            );
        }
        if self.capture == Capture::None && self.gate == GateChoice::Divert {
            return Err("--gate divert needs a duplicate of the listener: leave --capture none out".into());
        }
        Ok(())
    }
}
