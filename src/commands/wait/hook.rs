//! The process that was called: starts the one that drains, and waits for its word.
use super::target::Target;
use crate::cli::WaitArgs;
use crate::commands::run::hooked::Told;
use crate::telemetry::say;
use rustix::fs::FileType;
use rustix::process::Pid;
use std::env::args_os;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::os::fd::AsFd;
use std::process::{Command, ExitCode, Stdio};

/// We ourselves, even where our file has been replaced or is out of reach since (proc_pid_exe(5)).
const OURSELVES: &str = "/proc/self/exe";

/// Waits until everybody is served.
///
/// # Errors
/// When there is no server, or the other process cannot be started or has ended without a word.
pub fn main(args: &WaitArgs) -> Result<ExitCode, String> {
    let target = Target::of(args)?;
    let mut other = Command::new(OURSELVES)
        .args(args_os().skip(1))
        .arg("--detached")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log_of(target.main))
        .spawn()
        .map_err(|error| format!("cannot start the process that drains ({OURSELVES}): {error}"))?;
    let mut line = String::new();
    // The other may inherit nothing that keeps this from ending, should it die.
    let heard = other.stdout.take().map(|told| BufReader::new(told).read_line(&mut line));
    if let Some(Err(error)) = heard {
        return Err(format!("cannot hear from the process that drains: {error}"));
    }
    let Ok(Told { status, line }) = serde_json::from_str(&line) else {
        return Err(
            "the process that drains has ended before its work was done: see the container's log".to_owned()
        );
    };
    say(line);
    Ok(status.into())
}

/// The container's log: what the server's first process has as its standard error. Where that cannot be had, ours, unless
/// that would keep our caller waiting: he reads a pipe until all who have it are gone.
fn log_of(main: Pid) -> Stdio {
    let theirs = format!("/proc/{}/fd/2", main.as_raw_nonzero());
    match OpenOptions::new().append(true).open(&theirs) {
        Ok(log) => log.into(),
        Err(error) => own().unwrap_or_else(|| {
            say(format!(
                "warning: cannot write to the container's log ({theirs}: {error}): only this line is said"
            ));
            Stdio::null()
        }),
    }
}

fn own() -> Option<Stdio> {
    let stderr = io::stderr();
    let kind = FileType::from_raw_mode(rustix::fs::fstat(stderr.as_fd()).ok()?.st_mode);
    let duplicate = || stderr.as_fd().try_clone_to_owned().ok().map(File::from);
    if kind == FileType::Fifo { None } else { duplicate().map(Stdio::from) }
}
