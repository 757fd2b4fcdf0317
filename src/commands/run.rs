//! `lameduck run`: start the server, wait for it, end with its status.
use crate::cli::RunArgs;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// Runs the verb.
///
/// # Errors
/// When lameduck itself cannot do what was asked.
pub fn main(args: RunArgs) -> Result<ExitCode, String> {
    let error = Command::new(&args.command[0]).args(&args.command[1..]).exec();
    Err(format!("cannot execute {}: {error}", args.command[0].display()))
}
