//! What lameduck says, and where.
use crate::telemetry::{LogFormat, LogLevel};
use clap::Args;
use std::path::PathBuf;

/// What lameduck says, and where.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Log and report")]
pub struct TelemetryArgs {
    /// Write a report of the drain to this file, as JSON; a file that is there is replaced [default: no report]
    #[arg(long, env = "LAMEDUCK_REPORT", value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Write a line about the drain and the report to this file, if it is there and empty: Kubernetes shows it as the
    /// container's termination message [default: /dev/termination-log, where it is there]
    #[arg(long, env = "LAMEDUCK_TERMINATION_LOG", value_name = "FILE")]
    pub termination_log: Option<PathBuf>,

    /// How the log on the standard error looks
    #[arg(long, env = "LAMEDUCK_LOG_FORMAT", value_name = "FORMAT", value_enum, default_value = "human")]
    pub log_format: LogFormat,

    /// How much the log has
    #[arg(long, env = "LAMEDUCK_LOG_LEVEL", value_name = "LEVEL", value_enum, default_value = "info")]
    pub log_level: LogLevel,
}
