//! Counting by callgrind: the instructions of a program's own process, not of those that it starts, nor the kernel's.
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Whether it can be run.
pub fn is_there() -> bool {
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// The instructions of this program from its start to its end.
///
/// # Panics
/// When the program fails, or nothing was counted.
pub fn count(program: &Path, arguments: &[&OsStr]) -> u64 {
    let place = tempfile::tempdir().expect("a temporary directory");
    // A process that was forked and not yet replaced writes a file of its own.
    let mut option = OsString::from("--callgrind-out-file=");
    option.push(place.path().join("%p"));
    let mut command = Command::new("valgrind");
    command.args(["--quiet", "--tool=callgrind"]).arg(option).arg(program).args(arguments);
    let mut child = command.stdout(Stdio::null()).spawn().expect("valgrind");
    let own = place.path().join(child.id().to_string());
    let status = child.wait().expect("our own child");
    assert!(status.success(), "{command:?}: {status}");
    let counted = fs::read_to_string(own).expect("what callgrind has counted");
    // callgrind format specification: the sums of all events, of which there is one, Ir.
    let total = counted.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok());
    total.expect("callgrind's total")
}
