//! `lameduck trial`.
use clap::Args;
use std::ffi::OsString;

/// The options of `lameduck trial`.
#[derive(Debug, Args)]
pub struct TrialArgs {
    /// Your own server's command and its arguments; without it the built-in pre-fork server is tried
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}
