//! Hooks of one server that are called at once, or again (a kubelet that was restarted): one drains, the others wait for it.
//!
//! Two locks (flock(2)) on files of the server's first process, which are there as long as it is, and the same for all who
//! see it in one /proc.
use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use rustix::io::retry_on_intr;
use rustix::process::Pid;
use std::io;
use std::os::fd::OwnedFd;

/// That it is our turn to drain.
#[derive(Debug)]
pub struct Turn {
    /// Held until the hook is told: the others wait for it.
    pub draining: OwnedFd,
    /// Held to the end: another gate would be in the way of ours.
    pub gated: OwnedFd,
}

/// Waits for whoever drains this server now. `None`: it has been drained, and who did it keeps the gate.
///
/// # Errors
/// ENOENT: the process is gone.
pub fn turn(main: Pid) -> io::Result<Option<Turn>> {
    let draining = file(main, "stat")?;
    retry_on_intr(|| flock(&draining, FlockOperation::LockExclusive))?;
    let gated = file(main, "status")?;
    let free = flock(&gated, FlockOperation::NonBlockingLockExclusive).is_ok();
    Ok(free.then_some(Turn { draining, gated }))
}

fn file(of: Pid, name: &str) -> io::Result<OwnedFd> {
    let path = format!("/proc/{}/{name}", of.as_raw_nonzero());
    Ok(open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::getpid;

    #[test]
    fn the_second_waits_for_the_first_and_then_has_nothing_to_do() {
        let first = turn(getpid()).unwrap().expect("nobody else");
        let second = std::thread::spawn(|| turn(getpid()).unwrap().is_some());
        // Not proof, but what goes wrong without the lock.
        std::thread::yield_now();
        assert!(!second.is_finished());
        drop(first.draining);
        assert!(!second.join().unwrap(), "the first has the gate");
        drop(first.gated);
        assert!(turn(getpid()).unwrap().is_some());
    }
}
