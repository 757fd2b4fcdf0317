//! `lameduck run`.
use super::values;
use crate::supervisor::Signal;
use clap::Args;
use std::ffi::OsString;

/// The options of `lameduck run`.
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

    /// The server's command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}
