//! `lameduck trial`, and the hidden `lameduck trial-server`, the built-in server that it starts.
mod clients;
mod matrix;
mod server;
pub mod values;

pub use clients::{ClientArgs, Clients};
pub use matrix::{MatrixArgs, Way};
pub use server::{TrialServerArgs, Work};

use clap::{Args, ValueEnum};
use nix::sys::signal::Signal;
use std::ffi::OsString;
use std::num::NonZeroU64;
use std::time::Duration;
use values::{Rate, Supervisor, Url};

/// See it work: the same load and the same stop, plainly and under lameduck
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Exit status: 0 when lameduck lost no connection and no request, 1 when it lost any, 125 when the trial could not be carried \
out. Of a matrix: 1 when any server lost any under lameduck, else 125 when any could not be tried; an init that is not \
installed is shown as missing. Only servers on this machine's loopback are loaded.")]
pub struct TrialArgs {
    /// New connections a second, such as 130/s; `auto` is 1.3 times what the server can do for these clients alone
    #[arg(long, env = "LAMEDUCK_TRIAL_RATE", default_value = "auto", value_parser = values::rate)]
    #[arg(allow_hyphen_values = true, value_name = "N/s")]
    pub rate: Rate,

    /// How long the load runs before the stop signal
    #[arg(long, env = "LAMEDUCK_TRIAL_BEFORE", default_value = "3s", value_parser = values::time)]
    #[arg(allow_hyphen_values = true, value_name = "TIME")]
    pub before: Duration,

    /// Bound on the server's start: within it a request has to be answered
    #[arg(long, env = "LAMEDUCK_TRIAL_START_LIMIT", default_value = "30s", value_parser = values::time)]
    #[arg(allow_hyphen_values = true, value_name = "TIME")]
    pub start_limit: Duration,

    /// Bound on everything after the stop signal; a server still there is killed
    #[arg(long, env = "LAMEDUCK_TRIAL_LIMIT", default_value = "60s", value_parser = values::time)]
    #[arg(allow_hyphen_values = true, value_name = "TIME")]
    pub limit: Duration,

    /// The clients.
    #[command(flatten)]
    pub clients: ClientArgs,

    /// How long each new client waits between its connect and its request
    #[arg(long, env = "LAMEDUCK_TRIAL_PAUSE", default_value = "0ms", value_parser = values::time)]
    #[arg(allow_hyphen_values = true, value_name = "TIME")]
    pub pause: Duration,

    /// How long each client waits for its whole answer
    #[arg(long, env = "LAMEDUCK_TRIAL_CLIENT_TIMEOUT", default_value = "30s", value_parser = values::time)]
    #[arg(allow_hyphen_values = true, value_name = "TIME")]
    pub client_timeout: Duration,

    /// The path to ask for; {k} stands for the number of the connection, or of a kept-alive client's request
    #[arg(long, env = "LAMEDUCK_TRIAL_PATH", default_value = "/", value_parser = values::path)]
    #[arg(allow_hyphen_values = true, conflicts_with = "url")]
    pub path: String,

    /// Make every n-th request ask for the slow path
    #[arg(long, env = "LAMEDUCK_TRIAL_SLOW_EVERY", value_parser = values::every)]
    #[arg(allow_hyphen_values = true, value_name = "N")]
    pub slow_every: Option<NonZeroU64>,

    /// Your server's slow path; the built-in server's is /slow
    #[arg(long, env = "LAMEDUCK_TRIAL_SLOW_PATH", value_parser = values::path)]
    #[arg(allow_hyphen_values = true, requires_all = ["slow_every", "command"], value_name = "PATH")]
    pub slow_path: Option<String>,

    /// Where your server answers and what to ask for, instead of looking at what it listens on
    #[arg(long, env = "LAMEDUCK_TRIAL_URL", value_parser = values::url)]
    #[arg(allow_hyphen_values = true, requires = "command", value_name = "http://HOST:PORT/PATH")]
    pub url: Option<Url>,

    /// The stop signal, by name or number
    #[arg(long, env = "LAMEDUCK_TRIAL_STOP_SIGNAL", default_value = "TERM", value_parser = values::signal)]
    #[arg(allow_hyphen_values = true, value_name = "SIGNAL")]
    pub stop_signal: Signal,

    /// Another column: the server under this supervisor, such as 'tini -g --'; may be given again
    #[arg(long, env = "LAMEDUCK_TRIAL_SUPERVISOR", value_parser = values::supervisor)]
    #[arg(allow_hyphen_values = true, value_name = "COMMAND")]
    pub supervisor: Vec<Supervisor>,

    /// Try only one of the two; columns of --supervisor stay
    #[arg(long, env = "LAMEDUCK_TRIAL_ONLY", value_enum)]
    pub only: Option<Only>,

    /// Print JSON instead of a table
    #[arg(long, env = "LAMEDUCK_TRIAL_JSON")]
    pub json: bool,

    /// Pass the server's output on to stderr
    #[arg(long, short, env = "LAMEDUCK_TRIAL_VERBOSE")]
    pub verbose: bool,

    /// The matrix.
    #[command(flatten)]
    pub matrix: MatrixArgs,

    /// The built-in server's processes
    #[arg(long, default_value = "2", value_parser = values::workers)]
    #[arg(allow_hyphen_values = true, conflicts_with = "command", value_name = "N")]
    pub workers: u16,

    /// How long the built-in server works on a request
    #[arg(long, default_value = "20ms", value_parser = values::time)]
    #[arg(allow_hyphen_values = true, conflicts_with = "command", value_name = "TIME")]
    pub work: Duration,

    /// How long the built-in server works on a slow request
    #[arg(long, default_value = "500ms", value_parser = values::time)]
    #[arg(
        allow_hyphen_values = true,
        conflicts_with = "command",
        requires = "slow_every",
        value_name = "TIME"
    )]
    pub slow_work: Duration,

    /// Your own server's command and its arguments; without it the built-in pre-fork server is tried
    #[arg(trailing_var_arg = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// Which of the two columns to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// The server by itself.
    Plain,
    /// The server under lameduck.
    Lameduck,
}
