//! The parent's side of starting the command: fork, and hear from the child whether it became the command.
#![allow(unsafe_code)]
use super::exec::{Image, Report};
use super::failure::SpawnError;
use super::{lookup, terminal};
use nix::unistd::ForkResult;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, WaitOptions, waitpid};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;

/// What to start.
#[derive(Debug, Default)]
pub struct Launch {
    /// The program and its arguments: not empty. A program without a slash is looked for on PATH.
    pub command: Vec<OsString>,
    /// Listening sockets to pass on as descriptors 3, 4, ... with `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES`
    /// (`sd_listen_fds(3)`). Inherited descriptors of these numbers give way.
    pub listeners: Vec<OwnedFd>,
}

/// A started command.
pub struct Spawned {
    pub pid: Pid,
    /// Whether it was given the terminal.
    pub foreground: bool,
}

/// Starts the command and waits until it runs.
pub fn spawn(launch: &Launch) -> Result<Spawned, SpawnError> {
    let name = launch.command.first().ok_or(SpawnError::NoCommand)?;
    let candidates = lookup::candidates(name);
    let foreground = terminal::is_ours();
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).map_err(SpawnError::system)?;
    let image = Image::new(launch, &candidates, foreground, &writer).map_err(SpawnError::system)?;
    drop(writer);

    // SAFETY: until it has become the command, the child calls only what is async-signal-safe:
    // `become_command` works on what was made before and neither allocates nor takes a lock. So other threads
    // would do no harm.
    let pid = match unsafe { nix::unistd::fork() }.map_err(SpawnError::system)? {
        ForkResult::Child => image.become_command(),
        ForkResult::Parent { child } => child,
    };
    let pid = Pid::from_raw(pid.as_raw()).ok_or_else(|| SpawnError::system(io::ErrorKind::InvalidData))?;
    // Our copy of the pipe's end has to go, or it never ends.
    drop(image);

    match read_report(reader).map_err(SpawnError::system)? {
        None => Ok(Spawned { pid, foreground }),
        Some(report) => {
            // It ended itself. That it cannot be waited for would change nothing.
            let _ = rustix::io::retry_on_intr(|| waitpid(Some(pid), WaitOptions::empty()));
            Err(SpawnError::diagnose(name, &candidates, report))
        }
    }
}

/// `None` when exec closed the pipe: the command runs.
fn read_report(reader: OwnedFd) -> io::Result<Option<Report>> {
    let mut bytes = [0; Report::LENGTH];
    match File::from(reader).read_exact(&mut bytes) {
        Ok(()) => Ok(Some(Report::from_bytes(bytes))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}
