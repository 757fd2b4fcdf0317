//! The end of the init's own parent.
use super::programs::LISTENER;
use super::scene::{Scene, child_of};
use super::support::running::Running;
use super::support::{process, wait_for};
use super::{Verdict, same};
use std::process::Command;

/// The child is told to stop when whoever started the init is killed.
pub fn its_end_is_a_term(scene: &Scene) -> Verdict {
    let mut parent = Command::new("sh");
    parent.args(["-c", "\"$@\" & wait", "sh"]).args(scene.words()).args(["python3", "-c", LISTENER]);
    let mut parent = Running::start(parent);
    same(&parent.line().as_str(), &"ready")?;
    let init = wait_for("the init", || child_of(parent.pid()));
    process::kill(parent.pid(), libc::SIGKILL);
    same(&parent.line(), &libc::SIGTERM.to_string())?;
    same(&process::state(init).is_some_and(|state| state != 'Z'), &true)
}
