//! The process that was called: starts the one that drains, and waits for its word.
use super::target::{Target, first_of_container};
use crate::cli::WaitArgs;
use crate::commands::EXIT_LAMEDUCK_FAILED;
use crate::commands::run::choosing::in_kubernetes;
use crate::commands::run::hooked::Told;
use crate::sockets::duplicate;
use crate::telemetry::say;
use rustix::fs::FileType;
use rustix::process::Pid;
use std::env::{args_os, current_exe};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, RawFd};
use std::process::{Command, ExitCode, Stdio};

/// We ourselves, where our file has been removed or is out of reach since (proc_pid_exe(5)).
const OURSELVES: &str = "/proc/self/exe";
/// The number of the standard error (stderr(3)).
const STDERR: RawFd = 2;

/// Waits until everybody is served.
///
/// # Errors
/// When there is no server, or the other process cannot be started or has ended without a word.
pub fn main(args: &WaitArgs) -> Result<ExitCode, String> {
    let Told { status, line } = drained(args).inspect_err(|line| tell_the_container(line))?;
    if status == EXIT_LAMEDUCK_FAILED {
        tell_the_container(&line);
    }
    say(line);
    Ok(status.into())
}

fn drained(args: &WaitArgs) -> Result<Told, String> {
    let target = Target::of(args)?;
    let program = current_exe().ok().filter(|program| program.exists()).unwrap_or_else(|| OURSELVES.into());
    let mut other = Command::new(&program)
        .args(args_os().skip(1))
        .arg("--detached")
        .current_dir("/")
        // A pipe that nobody has the other end of, for /dev/null may not be there.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log_of(target.main))
        .spawn()
        .map_err(|error| format!("cannot start the process that drains ({}): {error}", program.display()))?;
    drop((other.stdin.take(), other.stderr.take()));
    let mut line = String::new();
    // The other may inherit nothing that keeps this from ending, should it die.
    let heard = other.stdout.take().map(|told| BufReader::new(told).read_line(&mut line));
    if let Some(Err(error)) = heard {
        return Err(format!("cannot hear from the process that drains: {error}"));
    }
    serde_json::from_str(&line).map_err(|_| {
        "the process that drains has ended before its work was done: see the container's log".to_owned()
    })
}

/// What has gone wrong is said in the container's log, too: the event has none of the hook's words ("PreStopHook failed",
/// kuberuntime_container.go), and its output is in the kubelet's own log.
fn tell_the_container(line: &str) {
    let log = in_kubernetes().then(first_of_container).flatten().map(stderr_of);
    if let Some(Ok(mut log)) = log {
        // Where that fails, too, nobody is left to be told.
        let _ = writeln!(log, "lameduck: {line}");
    }
}

/// The container's log: what the server's first process has as its standard error. Where that cannot be had, ours, unless
/// that would keep our caller waiting: he reads a pipe until all who have it are gone.
fn log_of(main: Pid) -> Stdio {
    match stderr_of(main) {
        Ok(log) => log.into(),
        Err(error) => own().unwrap_or_else(|| {
            say(format!("warning: cannot write to the container's log ({error}): only this is said"));
            Stdio::piped()
        }),
    }
}

/// The very same where it may be had: it may be a socket, or a file that is not appended to.
fn stderr_of(main: Pid) -> io::Result<File> {
    let theirs =
        || OpenOptions::new().append(true).open(format!("/proc/{}/fd/{STDERR}", main.as_raw_nonzero()));
    duplicate::of(main, STDERR).map(File::from).or_else(|_| theirs())
}

fn own() -> Option<Stdio> {
    let stderr = io::stderr();
    let kind = FileType::from_raw_mode(rustix::fs::fstat(stderr.as_fd()).ok()?.st_mode);
    let duplicate = || stderr.as_fd().try_clone_to_owned().ok().map(File::from);
    if kind == FileType::Fifo { None } else { duplicate().map(Stdio::from) }
}
