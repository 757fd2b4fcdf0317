//! Whom a signal is for: the child alone, or its whole process group.
use super::Verdict;
use super::programs::FAMILY;
use super::scene::{Scene, Started, child_of};
use super::support::{process, wait_for};
use std::collections::BTreeSet;

/// A signal to the init is one to each of the group; a stop signal, too.
pub fn to_group(scene: &Scene) -> Verdict {
    let (mut started, _) = family(scene)?;
    for number in [libc::SIGUSR1, libc::SIGTERM] {
        started.send(number)?;
        let heard = BTreeSet::from([started.running.line(), started.running.line()]);
        let expected = ["child", "other"].map(|who| format!("{who} {number}"));
        super::same(&heard, &BTreeSet::from(expected))?;
    }
    Ok(())
}

/// A signal to the init is none to those that its child has started.
pub fn to_child(scene: &Scene) -> Verdict {
    let (mut started, other) = family(scene)?;
    for number in [libc::SIGUSR1, libc::SIGTERM] {
        started.send(number)?;
        let heard = started.running.line();
        if heard != format!("child {number}") {
            return Err(format!("its child's child hears it: {heard:?}"));
        }
        // Of two that are waiting the one with the lower number is heard first (signal(7)).
        process::kill(other, libc::SIGCHLD);
        super::same(&started.running.line(), &format!("other {}", libc::SIGCHLD))?;
    }
    Ok(())
}

/// And the process id of the child's child.
fn family(scene: &Scene) -> Result<(Started, u32), String> {
    let mut started = scene.start(&["python3", "-c", FAMILY])?;
    super::same(&started.running.line().as_str(), &"ready")?;
    let other = wait_for("the child's child", || child_of(started.child));
    Ok((started, other))
}
