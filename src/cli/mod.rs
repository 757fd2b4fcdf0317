//! The whole command line, one file a verb. Options are parsed once, here, into plain values; the rooms
//! that use them never see a flag.
mod run;
#[cfg(feature = "trial")]
pub mod trial;
pub mod values;

pub use run::{Capture, DrainArgs, GateChoice, RunArgs, SocketArgs, TelemetryArgs};
#[cfg(feature = "trial")]
pub use trial::{TrialArgs, TrialServerArgs, Work};

use clap::{Parser, Subcommand};

/// A drain supervisor: starts a server, and when told to stop, lets nobody who already reached it go unanswered
#[derive(Debug, Parser)]
#[command(name = "lameduck", version, max_term_width = 100, after_help = EXIT_STATUS)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

const EXIT_STATUS: &str = "\
Exit status: the server's own (128 + n when signal n ended it); 125 when lameduck itself could not do what \
was asked, 126 when the command cannot be executed, 127 when it cannot be found; `trial`: 1 when a \
connection was lost under lameduck.";

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run a server; on the stop signal drain it, then stop it
    Run(RunArgs),
    /// See it work: the same load and the same stop, plainly and under lameduck
    #[cfg(feature = "trial")]
    Trial(Box<TrialArgs>),
    /// The built-in server of `trial`
    #[cfg(feature = "trial")]
    #[command(hide = true)]
    TrialServer(TrialServerArgs),
}
