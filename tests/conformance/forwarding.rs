//! Signals reach the child, one by one, and nobody dies of them.
use super::programs::{DEAF, LISTENER};
use super::scene::{Scene, Started};
use super::support::{PATIENCE, process, wait_for};
use super::{Verdict, same};
use lameduck::supervisor::Signal;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long nothing is heard before the init is looked at again.
const PAUSE: Duration = Duration::from_millis(50);

/// What is said of a signal that does not arrive.
const SWALLOWED: &str = "swallowed";

/// All but those that nobody can pass on, and the faults that an init keeps for its own.
pub fn every_signal(scene: &Scene) -> Verdict {
    let mut others: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut started = None;
    // TERM may be held back for others' sake, so it comes last.
    let signals = Signal::all().filter(|signal| signal.is_forwardable() && *signal != Signal::TERM);
    for signal in signals {
        let mut running = match started.take() {
            Some(running) => running,
            None => scene.start(&["python3", "-c", LISTENER])?,
        };
        match arrives(&mut running, signal.number()) {
            Ok(()) => started = Some(running),
            // Whoever swallows one goes on.
            Err(reason) => {
                started = (reason == SWALLOWED).then_some(running);
                others.entry(reason).or_default().push(signal.to_string());
            }
        }
    }
    let mut running = started.map_or_else(|| scene.start(&["python3", "-c", LISTENER]), Ok)?;
    running.send(libc::SIGTERM)?;
    same(&running.running.line(), &libc::SIGTERM.to_string())?;
    if others.is_empty() {
        return Ok(());
    }
    let told = others.into_iter().map(|(reason, signals)| format!("{reason}: {}", together(&signals)));
    Err(told.collect::<Vec<_>>().join("; "))
}

/// Whether a signal comes out as it went in. Another that is sent twice behind it tells when it would have.
fn arrives(started: &mut Started, number: i32) -> Verdict {
    let marker = if number == libc::SIGUSR1 { libc::SIGUSR2 } else { libc::SIGUSR1 };
    let mut heard = Vec::new();
    started.send(number)?;
    for _ in 0..2 {
        started.send(marker)?;
        let markers = 1 + heard.iter().filter(|heard| **heard == marker).count();
        let end = Instant::now() + PATIENCE;
        while heard.iter().filter(|heard| **heard == marker).count() < markers {
            match started.running.line_within(PAUSE) {
                Some(line) => heard.push(line.parse::<i32>().map_err(|_| "it ends".to_owned())?),
                // One that is stopped passes nothing on.
                None => started.is_there()?,
            }
            if Instant::now() > end {
                return Err("nothing is passed on any more".to_owned());
            }
        }
        // Of two that are waiting the one with the lower number is heard first (signal(7)).
        wait_for("the child to hear it", || (!process::is_pending(started.child, number)).then_some(()));
    }
    heard.retain(|heard| *heard != marker);
    match heard[..] {
        [one] if one == number => Ok(()),
        [] => Err(SWALLOWED.to_owned()),
        _ => Err(format!("come as {heard:?}")),
    }
}

/// Real-time signals in a row as one.
fn together(names: &[String]) -> String {
    let is_real_time = |name: &&String| name.starts_with("RTM");
    let (real_time, named): (Vec<_>, Vec<_>) = names.iter().partition(is_real_time);
    let mut words: Vec<String> = named.into_iter().cloned().collect();
    match real_time[..] {
        [first, .., last] => words.push(format!("{first} to {last}")),
        _ => words.extend(real_time.into_iter().cloned()),
    }
    words.join(", ")
}

/// What ends programs by default does not end an init whose child ignores it.
pub fn to_a_deaf_child(scene: &Scene) -> Verdict {
    let started = scene.start(&["python3", "-c", DEAF])?;
    for name in ["HUP", "INT", "QUIT", "PIPE", "ALRM", "USR1", "USR2", "TERM"] {
        let signal: Signal = name.parse()?;
        started.send(signal.number()).map_err(|reason| format!("{reason} at {name}"))?;
        if process::state(started.child).is_none() {
            return Err(format!("its child ends at {name}"));
        }
    }
    process::kill(started.child, libc::SIGKILL);
    same(&started.running.end(), &Some(128 + libc::SIGKILL))
}

/// The child ends before a signal to it, and while one is on its way.
pub fn to_a_child_that_ends(scene: &Scene) -> Verdict {
    // Its end and the signal are both there when the init looks.
    let started = scene.start(&["python3", "-c", LISTENER])?;
    process::kill(started.init, libc::SIGSTOP);
    wait_for("the init to be stopped", || (process::state(started.init) == Some('T')).then_some(()));
    process::kill(started.child, libc::SIGKILL);
    wait_for("the child's end", || (process::state(started.child) == Some('Z')).then_some(()));
    process::kill(started.init, libc::SIGHUP);
    process::kill(started.init, libc::SIGCONT);
    same(&started.running.end(), &Some(128 + libc::SIGKILL))?;

    // Both at once, in whatever order they come.
    let script = "trap '' HUP; trap 'exit 7' USR1; echo ready; while :; do sleep 0.01; done";
    for _ in 0..20 {
        let started = scene.start(&["sh", "-c", script])?;
        process::kill(started.child, libc::SIGUSR1);
        // Ours to reap, or unshare's who waits for us: its process id is nobody else's.
        process::kill_if_there(started.init, libc::SIGHUP);
        same(&started.running.end(), &Some(7))?;
    }
    Ok(())
}
