//! `lameduck trial`: the same load and the same stop, plainly and under lameduck.
use crate::cli::TrialArgs;
use std::process::ExitCode;

/// Runs the verb.
///
/// # Errors
/// When the trial cannot be carried out.
pub fn main(args: TrialArgs) -> Result<ExitCode, String> {
    Err(format!("cannot try {:?} yet", args.command))
}
