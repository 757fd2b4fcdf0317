//! Whether a program is installed, and what it says of its version.
use super::super::columns::Column;
use super::super::listening::Look;
use super::super::server::{Server, Surroundings};
use super::super::trouble::Trouble;
use nix::sys::signal::Signal;
use rustix::fs::{Access, access};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::timeout;

/// How long a program may take to tell its version: a JVM takes a second.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whether `program` can be executed: found on PATH, or, with a slash in it, from the server's own directory.
pub fn is_installed(program: &OsStr, surroundings: &Surroundings) -> bool {
    let from = surroundings.directory.as_deref().unwrap_or(Path::new("."));
    let candidates: Vec<PathBuf> = if Path::new(program).components().count() > 1 {
        vec![from.join(program)]
    } else {
        let path = surroundings.environment.get("PATH").map(OsString::from);
        let path = path.or_else(|| std::env::var_os("PATH")).unwrap_or_default();
        std::env::split_paths(&path).map(|directory| directory.join(program)).collect()
    };
    candidates.iter().any(|file| file.is_file() && access(file, Access::EXEC_OK).is_ok())
}

/// The first line with a digit that `command` says; none when it says none.
///
/// # Errors
/// When the machine cannot start it, or wait for it.
pub async fn ask(command: &[OsString], surroundings: &Surroundings) -> Result<Option<String>, Trouble> {
    let column = Column {
        name: "version".to_owned(),
        lameduck: false,
        command: command.to_vec(),
        look: Look::Itself,
        stop_signal: Signal::SIGKILL,
        sleep: Duration::ZERO,
    };
    let mut program = Server::start(&column, surroundings, false)?;
    // What does not end says what it has said so far, and is killed as it is dropped.
    if let Ok(ended) = timeout(PATIENCE, program.exited()).await {
        ended?;
    }
    let said = program.tail();
    let lines = said.lines().map(|line| line.trim_start_matches("  | ").trim());
    Ok(lines.into_iter().find(|line| line.contains(|c: char| c.is_ascii_digit())).map(str::to_owned))
}
