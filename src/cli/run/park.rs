//! Whether and when new requests on open connections are kept away from the server.
use crate::cli::values::duration;
use clap::{Args, ValueEnum};
use std::time::Duration;

/// Whether and when new requests on open connections are kept away from the server.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Open connections")]
pub struct ParkArgs {
    /// How new requests on open connections are kept away from the server while it finishes those that it has
    #[arg(long, env = "LAMEDUCK_PARK", value_name = "HOW", value_enum, default_value = "auto")]
    pub park: ParkChoice,

    /// How long after the gate has closed that begins: until then the server goes on answering kept-alive clients
    #[arg(long, env = "LAMEDUCK_PARK_AFTER", default_value = "0s")]
    #[arg(value_name = "DURATION", value_parser = duration, allow_hyphen_values = true)]
    pub park_after: Duration,
}

/// How new requests on open connections are kept away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ParkChoice {
    /// They stay unread where that is possible, and are answered 503 or relayed
    Auto,
    /// Not at all: connections are left to the server, and clients that keep them busy hold the drain
    Off,
}
