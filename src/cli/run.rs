//! `lameduck run`.
mod drain;
#[cfg(feature = "kubernetes")]
mod kubernetes;
mod late_arrivals;
mod park;
mod sockets;
mod telemetry;

pub use drain::DrainArgs;
#[cfg(feature = "kubernetes")]
pub use kubernetes::{Events, KubernetesArgs, OwnPod, Withdrawal};
pub use late_arrivals::{LateArrivalArgs, Treatment};
pub use park::{ParkArgs, ParkChoice};
pub use sockets::{Capture, GateChoice, SocketArgs};
pub use telemetry::TelemetryArgs;

use super::{AnnotationArgs, values};
use crate::supervisor::{ForwardTo, Signal};
use clap::Args;
use std::ffi::OsString;
use std::time::Duration;

const NOTES: &str = "\
A DURATION is a number with a unit (500ms, 25s, 2m, 1m 30s) or a bare number of seconds, a year at most. Where an \
option takes several values, they are given with commas or by repeating the option. A variable that is set must hold \
a value: an empty one is refused.

Exit status:
  the server's own, or 128 + n when signal n ended it; or what --exit-code has in its place
  125  lameduck itself could not do what was asked
  126  the command was found but cannot be executed
  127  the command cannot be found

Examples:
  lameduck run gunicorn --workers 4 app:app
  lameduck run --deadline 60s --lame-duck 10s -- node server.js
  lameduck run --listen 0.0.0.0:8000 -- gunicorn app:app";

/// Run a server; on the stop signal drain it, then stop it
#[derive(Debug, Args)]
#[command(override_usage = "lameduck run [OPTIONS] [--] <COMMAND> [ARGUMENT]...", after_long_help = NOTES)]
pub struct RunArgs {
    /// The server's command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,

    /// Which signals stop the server
    #[arg(long = "stop-signal", env = "LAMEDUCK_STOP_SIGNAL", default_value = "TERM", help_heading = SIGNALS)]
    #[arg(value_name = "SIGNAL", value_parser = values::stop_signal, value_delimiter = ',')]
    #[arg(allow_hyphen_values = true)]
    pub stop_signals: Vec<Signal>,

    /// What the server is sent in place of a signal, such as TERM=QUIT [default: the signal that came]
    #[arg(long = "forward-signal", env = "LAMEDUCK_FORWARD_SIGNAL", help_heading = SIGNALS)]
    #[arg(value_name = "SIGNAL=SIGNAL", value_parser = values::signal_translation, value_delimiter = ',')]
    #[arg(allow_hyphen_values = true)]
    pub forward_signals: Vec<(Signal, Signal)>,

    /// Which processes get what is forwarded, the stop signal and KILL (--kill-after) too
    #[arg(long, env = "LAMEDUCK_FORWARD_TO", help_heading = SIGNALS)]
    #[arg(value_name = "WHOM", value_enum, default_value = "child")]
    pub forward_to: ForwardTo,

    /// What lameduck is sent when the process that started it ends: TERM stops the server then [default: nothing]
    #[arg(long, env = "LAMEDUCK_PARENT_DEATH_SIGNAL", help_heading = SIGNALS)]
    #[arg(value_name = "SIGNAL", value_parser = values::stop_signal, allow_hyphen_values = true)]
    pub parent_death_signal: Option<Signal>,

    /// Which exit status lameduck ends with in place of the server's, such as 143=0: success when TERM (128 + 15) ended
    /// it [default: the server's own]
    #[arg(long = "exit-code", env = "LAMEDUCK_EXIT_CODE", help_heading = "Exit code")]
    #[arg(value_name = "CODE=CODE", value_parser = values::exit_code_pair, value_delimiter = ',')]
    #[arg(allow_hyphen_values = true)]
    pub exit_codes: Vec<(u8, u8)>,

    /// The limits of the drain.
    #[command(flatten)]
    pub drain: DrainArgs,

    /// How long after the stop signal was forwarded the server is killed [default: as --reserve]
    #[arg(long, env = "LAMEDUCK_KILL_AFTER", help_heading = "Drain")]
    #[arg(value_name = "DURATION", value_parser = values::duration, allow_hyphen_values = true)]
    pub kill_after: Option<Duration>,

    /// Which sockets, and how new connections are kept away from them.
    #[command(flatten)]
    pub sockets: SocketArgs,

    /// Whether and when new requests on open connections are kept away.
    #[command(flatten)]
    pub park: ParkArgs,

    /// What becomes of whoever comes too late for the server.
    #[command(flatten)]
    pub late_arrivals: LateArrivalArgs,

    /// What is asked of the API server at the stop.
    #[cfg(feature = "kubernetes")]
    #[command(flatten)]
    pub kubernetes: KubernetesArgs,

    /// Where this pod's annotations are.
    #[command(flatten)]
    pub annotations: AnnotationArgs,

    /// What is said about it.
    #[command(flatten)]
    pub telemetry: TelemetryArgs,
}

const SIGNALS: &str = "Signals";
