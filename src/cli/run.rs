//! `lameduck run`.
use clap::Args;
use std::ffi::OsString;

/// The options of `lameduck run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The server's command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}
