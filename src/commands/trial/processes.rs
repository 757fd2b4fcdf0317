//! The processes below this one: everything that a column has started, however it was started.
//!
//! The trial is a child subreaper (prctl(2), `PR_SET_CHILD_SUBREAPER`), so a process whose parent ends becomes
//! the trial's own child, not init's, and is still found here.
use procfs::process::{Stat, all_processes};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, getpid, pidfd_open, pidfd_send_signal, set_child_subreaper, wait,
};
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long killed processes may take to go, before that is said.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes this process the one that orphans below it come to.
///
/// # Errors
/// When the kernel refuses (it never does since Linux 3.4).
pub fn adopt_orphans() -> io::Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

/// The live processes below `root`, parents before children; without `root` itself.
///
/// # Errors
/// When /proc cannot be read.
fn below(root: i32) -> io::Result<Vec<Stat>> {
    let mut rest: Vec<Stat> = all_processes()
        .map_err(io::Error::other)?
        .flatten()
        .filter_map(|process| process.stat().ok())
        .collect();
    let mut found: Vec<Stat> = Vec::new();
    let mut next = 0;
    let mut parent = root;
    loop {
        let (children, others) = rest.into_iter().partition(|stat| stat.ppid == parent);
        rest = others;
        found.extend::<Vec<Stat>>(children);
        let Some(stat) = found.get(next) else { break };
        (parent, next) = (stat.pid, next + 1);
    }
    found.retain(|stat| !matches!(stat.state, 'Z' | 'X'));
    Ok(found)
}

/// Those below this process, but for the one that makes its connections, when there is one.
///
/// # Errors
/// When /proc cannot be read.
pub fn left(clients: Option<i32>) -> io::Result<Vec<Stat>> {
    let mut left = below(getpid().as_raw_pid())?;
    left.retain(|stat| Some(stat.pid) != clients);
    Ok(left)
}

/// Kills everything below this process and waits until it is gone.
///
/// # Errors
/// When something is still there after ten seconds.
pub fn end_all() -> io::Result<()> {
    end_all_but(None)
}

/// As [`end_all`], but for the process that makes the connections, as in [`left`].
///
/// # Errors
/// As there.
pub fn end_all_but(clients: Option<i32>) -> io::Result<()> {
    let start = Instant::now();
    loop {
        let alive = left(clients)?;
        for stat in &alive {
            kill(stat);
        }
        // Whatever has no other parent is ours to reap.
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
        if alive.is_empty() {
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            let pids: Vec<_> = alive.iter().map(|stat| stat.pid.to_string()).collect();
            return Err(io::Error::other(format!("killed processes do not end: {}", pids.join(", "))));
        }
        sleep(Duration::from_millis(5));
    }
}

/// Kills the process of `stat`, never another one that has got its number since.
fn kill(stat: &Stat) {
    let Some(pid) = Pid::from_raw(stat.pid) else { return };
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    let now = procfs::process::Process::new(stat.pid).and_then(|process| process.stat());
    if now.is_ok_and(|now| now.starttime == stat.starttime) {
        // Gone in between is as well.
        let _ = pidfd_send_signal(handle, Signal::KILL);
    }
}
