//! The command line as its users meet it: the real program, what it says, and its exit status.
mod annotations;
mod commands;
mod help;
mod values;

use std::process::{Command, Output, Stdio};

/// `lameduck` with these arguments: none of its variables is set, and the terminal's width is no matter.
fn lameduck(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lameduck"));
    let variables = std::env::vars_os().map(|(name, _)| name);
    for name in variables.filter(|name| name.as_encoded_bytes().starts_with(b"LAMEDUCK_")) {
        command.env_remove(name);
    }
    command.env_remove("COLUMNS").args(arguments).stdin(Stdio::null());
    command
}

/// Runs a command that says nothing on the standard output: its exit status and what it said on the standard error.
fn complaint(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&stdout), "");
    format!("{status}\n{}", String::from_utf8(stderr).unwrap())
}
