//! Orphans are adopted and reaped. (As PID 1: `tests/pid1.rs`.)
use super::run;
use super::support::finish;

/// Leaves 50 orphans to its parent, and waits until none of them is there, not even as a zombie.
pub const ORPHANS: &str = include_str!("orphans.py");

#[test]
fn orphans_are_adopted_and_reaped() {
    let output = finish(&mut run(&[], &["python3", "-c", ORPHANS]));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "50 adopted\n0 left\n");
    assert_eq!(output.status.code(), Some(3), "the status is the server's, not an orphan's");
}

#[test]
fn children_are_reaped_even_if_lameduck_was_started_with_chld_ignored() {
    let ignoring = "import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execvp(sys.argv[1], sys.argv[1:])";
    let lameduck = env!("CARGO_BIN_EXE_lameduck");
    let mut command = std::process::Command::new("python3");
    command.args(["-c", ignoring, lameduck, "run", "--", "python3", "-c", ORPHANS]);
    assert_eq!(finish(&mut command).status.code(), Some(3));
}
