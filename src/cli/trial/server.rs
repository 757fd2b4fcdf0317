//! `lameduck trial-server`: hidden, for it is of no use but to be tried.
use super::values;
use clap::Args;
use std::net::SocketAddr;
use std::time::Duration;

/// The built-in server of `trial`
#[derive(Debug, Args)]
pub struct TrialServerArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    pub bind: SocketAddr,

    /// How many processes accept
    #[arg(long, default_value = "2", value_parser = values::workers)]
    pub workers: u16,

    /// What a worker does with a request.
    #[command(flatten)]
    pub work: Work,

    /// Be a worker of this process: serve the listener that is the standard input
    #[arg(long, value_name = "PID")]
    pub worker_of: Option<i32>,
}

/// How long the built-in server works on a request.
#[derive(Debug, Clone, Copy, Args)]
pub struct Work {
    /// How long the built-in server works on a request
    #[arg(long, default_value = "20ms", value_parser = values::time)]
    #[arg(allow_hyphen_values = true, value_name = "TIME")]
    pub work: Duration,

    /// How long the built-in server works on a request for /slow
    #[arg(long, default_value = "500ms", value_parser = values::time)]
    #[arg(allow_hyphen_values = true, value_name = "TIME")]
    pub slow_work: Duration,
}
