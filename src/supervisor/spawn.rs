//! The parent's side of starting the command: fork, and hear from the child whether it became the command.
#![allow(unsafe_code)]
use super::exec::{Image, Report};
use super::failure::SpawnError;
use super::{lookup, terminal};
use nix::unistd::ForkResult;
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, WaitOptions, waitpid};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use tracing::warn;

/// Who runs a script that does not say who should: `_PATH_BSHELL` in `<paths.h>`.
const SHELL: &str = "/bin/sh";

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

/// Starts the command and waits until it runs. A script without a #! line, which the kernel does not know, is run by the
/// shell, as by execvp(3) and so by other inits.
pub fn spawn(launch: &Launch) -> Result<Spawned, SpawnError> {
    let name = launch.command.first().ok_or(SpawnError::NoCommand)?;
    let candidates = lookup::candidates(name);
    let report = match attempt(launch, &candidates)? {
        Ok(spawned) => return Ok(spawned),
        Err(report) => report,
    };
    match candidates.get(report.path).filter(|path| report.errno == Errno::NOEXEC && lookup::is_text(path)) {
        Some(script) => {
            warn!(script = %script.display(), "no #! line: run by {SHELL}; write one, because not everybody does so");
            let launch = by_shell(launch, script).map_err(SpawnError::system)?;
            let shell = [SHELL.into()];
            attempt(&launch, &shell)?
                .map_err(|report| SpawnError::diagnose(OsStr::new(SHELL), &shell, report))
        }
        None => Err(SpawnError::diagnose(name, &candidates, report)),
    }
}

/// The same for the shell that runs a script.
fn by_shell(launch: &Launch, script: &Path) -> io::Result<Launch> {
    let mut command = vec![SHELL.into(), "--".into(), script.into()];
    command.extend(launch.command.iter().skip(1).cloned());
    let listeners = launch.listeners.iter().map(OwnedFd::try_clone).collect::<Result<_, _>>()?;
    Ok(Launch { command, listeners })
}

/// Starts the command from the first of the paths that can be executed; the inner error is what the kernel says of it.
fn attempt(launch: &Launch, candidates: &[PathBuf]) -> Result<Result<Spawned, Report>, SpawnError> {
    let foreground = terminal::is_ours();
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).map_err(SpawnError::system)?;
    let image = Image::new(launch, candidates, foreground, &writer).map_err(SpawnError::system)?;
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
        None => Ok(Ok(Spawned { pid, foreground })),
        Some(report) => {
            // It ended itself. That it cannot be waited for would change nothing.
            let _ = rustix::io::retry_on_intr(|| waitpid(Some(pid), WaitOptions::empty()));
            Ok(Err(report))
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
