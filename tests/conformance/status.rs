//! The exit status.
use super::scene::{Place, Scene};
use super::{Verdict, same};
use std::collections::BTreeMap;

/// All of them; in a namespace one in 17, because its making takes longer than all else.
pub fn every_status(scene: &Scene) -> Verdict {
    let step = if scene.place == Place::Beside { 1 } else { 17 };
    for status in (0..=255).step_by(step) {
        let ended = scene.output(&["sh", "-c", &format!("exit {status}")]).status;
        if ended.code() != Some(status) {
            return Err(format!("of {status} it makes: {ended}"));
        }
    }
    Ok(())
}

/// By every signal whose default is to end a process.
pub fn every_death(scene: &Scene) -> Verdict {
    // Their default is to do nothing, or to stop; 32 and 33 are libc's own.
    let harmless = [libc::SIGCHLD, libc::SIGCONT, libc::SIGURG, libc::SIGWINCH, 32, 33];
    let stopping = [libc::SIGSTOP, libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];
    for number in (1..=64).filter(|number| !harmless.contains(number) && !stopping.contains(number)) {
        let ended = scene.output(&["sh", "-c", &format!("ulimit -c 0; kill -{number} $$")]).status;
        if ended.code() != Some(128 + number) {
            return Err(format!("of a death by signal {number} it makes: {ended}"));
        }
    }
    Ok(())
}

/// With a parent that has nobody's end told to it: the kernel then reaps children before anyone sees their status.
pub fn with_children_ignored(scene: &Scene) -> Verdict {
    let words =
        [&["python3", "-c", super::programs::CHILDREN_IGNORED], &scene.words()[..], &["sh", "-c", "exit 42"]];
    let words = words.concat();
    let output = super::support::finish(std::process::Command::new(words[0]).args(&words[1..]));
    if output.status.code() == Some(42) { Ok(()) } else { Err(format!("of 42 it makes: {}", output.status)) }
}

/// Of 143, by itself or by TERM, 0 is told; all else is as it was.
pub fn told_as_another(scene: &Scene) -> Verdict {
    let status = |script| scene.output(&["sh", "-c", script]).status.code();
    let told = BTreeMap::from(
        ["exit 143", "kill -TERM $$", "exit 3", "kill -KILL $$", "exit 0"]
            .map(|script| (script, status(script))),
    );
    let expected =
        [("exit 143", 0), ("kill -TERM $$", 0), ("exit 3", 3), ("kill -KILL $$", 137), ("exit 0", 0)];
    same(&told, &BTreeMap::from(expected.map(|(script, code)| (script, Some(code)))))
}
