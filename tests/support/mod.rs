//! What the integration tests share: real processes, a Python environment with real servers, and waiting for
//! facts.
#![allow(dead_code, reason = "each test program uses a part of it")]

#[cfg(feature = "trial")]
pub mod certificate;
pub mod charts;
pub mod clock;
pub mod container;
pub mod control_group;
pub mod halves;
pub mod helm;
pub mod kubectl;
#[cfg(feature = "trial")]
pub mod load;
pub mod made;
pub mod namespaces;
pub mod ports;
pub mod post_renderer;
pub mod process;
pub mod python;
pub mod runner;
pub mod running;
pub mod server;
pub mod servers;
pub mod trial;

use process::Mark;
use std::fs::File;
use std::io::{Read, Seek};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// How long a fact may take before a test gives up: far longer than it takes on the slowest machine, and than
/// lameduck holds a signal back for a server that a test starts.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until `fact` is there and returns it.
///
/// # Panics
/// When it is not there within [`PATIENCE`].
pub fn wait_for<T>(what: &str, mut fact: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(fact) = fact() {
            return fact;
        }
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The program under test, with none of its settings from outside.
pub fn lameduck() -> Command {
    without_settings(Command::new(env!("CARGO_BIN_EXE_lameduck")))
}

/// The same for a command that runs it.
pub fn without_settings(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LAMEDUCK_")) {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end and returns all that it said. Within [`PATIENCE`]; what it leaves behind is
/// ended.
///
/// # Panics
/// When it cannot be started, or does not end.
pub fn finish(command: &mut Command) -> Output {
    // Files: a pipe's end would be that of the last process that has it.
    let file = || tempfile::tempfile().expect("a temporary file");
    let (mut stdout, mut stderr) = (file(), file());
    let (its_stdout, its_stderr) =
        (stdout.try_clone().expect("a duplicate"), stderr.try_clone().expect("a duplicate"));
    let mark = Mark::new();
    command.env(Mark::NAME, mark.value()).stdin(Stdio::null()).stdout(its_stdout).stderr(its_stderr);
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let status = end_of(&mut child);
    Output { status, stdout: content(&mut stdout), stderr: content(&mut stderr) }
}

/// Waits for the end of a process.
///
/// # Panics
/// When it does not end within [`PATIENCE`].
pub fn end_of(child: &mut Child) -> ExitStatus {
    wait_for("the end of a process", || child.try_wait().expect("our own child"))
}

fn content(file: &mut File) -> Vec<u8> {
    let mut content = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut content)).expect("a temporary file");
    content
}
