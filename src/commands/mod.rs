//! One file a verb: each turns its options into work for the rooms below and ends with an exit status.
pub(crate) mod doctor;
#[cfg(feature = "inject")]
mod inject;
mod install;
pub mod run;
#[cfg(feature = "sidecar")]
pub mod sidecar;
#[cfg(feature = "inject")]
mod text;
#[cfg(feature = "trial")]
pub(crate) mod trial;
mod usage;
mod wait;

use crate::cli::{self, Verb, Wrong};
use crate::telemetry::say;
use clap::error::ErrorKind;
use std::process::ExitCode;

/// The exit status when lameduck itself could not do what was asked, as `timeout(1)` and `docker run` have it.
pub const EXIT_LAMEDUCK_FAILED: u8 = 125;

/// The program: reads the command line, runs the verb, returns the exit status.
#[must_use]
pub fn main() -> ExitCode {
    let (cli, annotated) = match cli::parse(std::env::args_os().collect()) {
        Ok(parsed) => parsed,
        Err(Wrong::Annotations(complaint)) => {
            say(complaint);
            return EXIT_LAMEDUCK_FAILED.into();
        }
        Err(Wrong::Usage(error, annotated)) => {
            match error.kind() {
                // A closed stdout or stderr leaves nobody to tell.
                ErrorKind::DisplayHelp
                | ErrorKind::DisplayVersion
                | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => drop(error.print()),
                _ => say(usage::complaint(&error, &annotated)),
            }
            return if error.use_stderr() { EXIT_LAMEDUCK_FAILED.into() } else { ExitCode::SUCCESS };
        }
    };
    let outcome = match cli.verb {
        Verb::Run(args) => run::main(args),
        #[cfg(feature = "sidecar")]
        Verb::Sidecar(args) => sidecar::main(*args),
        Verb::Wait(args) => wait::main(&args),
        Verb::Doctor(args) => doctor::main(&args),
        #[cfg(feature = "inject")]
        Verb::Inject(args) => inject::main(&args),
        #[cfg(feature = "inject")]
        Verb::Uninject(args) => inject::undo(&args),
        Verb::Install(args) => install::main(&args),
        #[cfg(feature = "trial")]
        Verb::Trial(args) => trial::main(*args),
        #[cfg(feature = "trial")]
        Verb::TrialServer(args) => trial::demo::main(&args),
    };
    match outcome {
        Ok(status) => status,
        Err(error) => {
            let origins = annotated.origins(&error);
            say(error + &origins);
            EXIT_LAMEDUCK_FAILED.into()
        }
    }
}
