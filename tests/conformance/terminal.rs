//! On a terminal the child is in the foreground. `terminal.py` is the terminal, and a shell with job control.
use super::scene::Scene;
use super::support::finish;
use super::{Verdict, same};
use std::process::Command;

fn plays(scene: &Scene, name: &str, expected: &[&str]) -> Verdict {
    let mut terminal = Command::new("python3");
    terminal.args(["-c", include_str!("terminal.py"), name]).args(scene.words());
    let output = finish(&mut terminal);
    let seen = String::from_utf8_lossy(&output.stdout);
    let seen: Vec<&str> = seen.lines().collect();
    match seen[..] {
        // The terminal was hung up at the end of its patience.
        [] => Err("it hangs".to_owned()),
        _ => same(&seen.join(", "), &expected.join(", ")),
    }
}

pub fn ctrl_c(scene: &Scene) -> Verdict {
    plays(scene, "interrupt", &["foreground", "interrupted", "status 5"])
}

pub fn ctrl_z_and_fg(scene: &Scene) -> Verdict {
    let expected = ["foreground", "job stopped", "continued", "foreground", "interrupted", "status 5"];
    plays(scene, "stop", &expected)
}

pub fn in_the_background(scene: &Scene) -> Verdict {
    plays(scene, "background", &["background", "status 5"])
}

pub fn in_a_container(scene: &Scene) -> Verdict {
    plays(scene, "container", &["foreground", "interrupted", "status 5"])
}

pub fn another_size(scene: &Scene) -> Verdict {
    plays(scene, "window", &["foreground", "now 132 50", "foreground", "interrupted", "status 5"])
}
