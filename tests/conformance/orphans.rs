//! Orphans: adopted, and reaped when they end.
use super::scene::{Place, Scene};
use super::{Verdict, same};
use std::process::Output;

const ORPHANS: &str = include_str!("orphans.py");
const DOUBLE_FORK: &str = include_str!("double_fork.py");

/// 10,000, 500 at once; as a user's PID 1, whose forks are the same, 1,000.
pub fn in_bursts(scene: &Scene) -> Verdict {
    let count = if scene.place == Place::FirstOfUser { "1000" } else { "10000" };
    let output = scene.output(&["python3", "-S", "-c", ORPHANS, count, "500"]);
    said(&output, &format!("{count} adopted\n0 left\n"))
}

/// Each left by a session leader, as a daemon is.
pub fn of_double_forks(scene: &Scene) -> Verdict {
    said(&scene.output(&["python3", "-S", "-c", DOUBLE_FORK]), "20 adopted, 20 reaped\n")
}

/// The program's own status is 3, an orphan's is 9.
fn said(output: &Output, expected: &str) -> Verdict {
    let text = String::from_utf8_lossy(&output.stdout);
    if text != expected {
        let errors = String::from_utf8_lossy(&output.stderr);
        let last = errors.lines().last().unwrap_or_default();
        return Err(format!("{} {last}", text.trim_end().replace('\n', ", ")).trim_end().to_owned());
    }
    same(&output.status.code(), &Some(3))
}
