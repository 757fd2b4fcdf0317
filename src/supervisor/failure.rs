//! Why a command could not be started, and the exit status that tells it.
use super::exec::Report;
use super::lookup;
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Why a command could not be started. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// There is nothing to start.
    #[error("the command is empty: give the server's program and its arguments after --")]
    NoCommand,
    /// No such program on PATH.
    #[error("cannot find {name:?} on PATH {path:?}: install it, or give its full path")]
    NotOnPath {
        /// The program.
        name: OsString,
        /// Where it was looked for.
        path: OsString,
    },
    /// No such file.
    #[error("cannot find {0:?}: no such file; check the path and the working directory")]
    NotFound(PathBuf),
    /// The file is there but is no program that could run.
    #[error("cannot execute {path:?}: {reason}")]
    NotExecutable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// The system has no process or descriptor left for it.
    #[error("cannot start the command: {0}")]
    System(#[source] io::Error),
}

impl SpawnError {
    /// The exit status: 126 when the program was found, 127 when not (POSIX shells, env(1)), 125 when
    /// lameduck itself failed before (docker, timeout(1)).
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::System(_) => 125,
            Self::NotExecutable { .. } => 126,
            Self::NoCommand | Self::NotOnPath { .. } | Self::NotFound(_) => 127,
        }
    }

    pub(super) fn system(error: impl Into<io::Error>) -> Self {
        Self::System(error.into())
    }

    /// Finds the cause of what the kernel reported when `name` was executed from `candidates`.
    pub(super) fn diagnose(name: &OsStr, candidates: &[PathBuf], report: Report) -> Self {
        let found = match report.errno {
            Errno::NOENT | Errno::NOTDIR => candidates.iter().find(|path| path.is_file()),
            _ => candidates.get(report.path),
        };
        match (found, candidates) {
            (Some(path), _) => Self::NotExecutable { path: path.clone(), reason: reason(path, report.errno) },
            (None, [path]) if path == name => Self::NotFound(path.clone()),
            _ if name.is_empty() => Self::NoCommand,
            _ => Self::NotOnPath { name: name.into(), path: lookup::search_path() },
        }
    }
}

/// What is wrong with a program that was found, and what to do.
fn reason(path: &Path, errno: Errno) -> String {
    let text = match errno {
        Errno::NOENT | Errno::NOTDIR => match interpreter(path) {
            Some(name) => return format!("its first line asks for {name:?}, which is not there; correct it"),
            None => "its dynamic loader is not there; use a build for the C library of this image",
        },
        Errno::NOEXEC => "unknown format; use a build for this machine",
        Errno::ACCESS => match path.metadata() {
            Ok(metadata) if metadata.is_dir() => "it is a directory; give the program in it",
            Ok(metadata) if metadata.mode() & 0o111 == 0 => "it is not executable; chmod +x it",
            Ok(_) => "permission denied; look at its mode, its interpreter's, and for a noexec mount",
            Err(_) => "permission denied; a directory on the way to it may not be searched by this user",
        },
        _ => return io::Error::from(errno).to_string(),
    };
    text.to_owned()
}

/// The interpreter that a script's first line asks for.
fn interpreter(path: &Path) -> Option<String> {
    let mut start = Vec::new();
    std::fs::File::open(path).ok()?.take(lookup::SCRIPT_LINE).read_to_end(&mut start).ok()?;
    let line = start.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    // The \r of a file from Windows belongs to the name, as the kernel sees it: the cause, shown by the
    // quotes.
    let line = String::from_utf8_lossy(line);
    let name = line.trim_start_matches([' ', '\t']).split([' ', '\t']).next()?;
    Some(name.to_owned())
}
