//! A server that replaces itself: it starts another of its kind, which takes its sockets over, and goes.
//!
//! gunicorn does so at USR2, and tells the new master the process id of the old one. Nobody else is followed: who outlives the command
//! without a word may be a helper that was started beside a job, which ends the container when it is done.
use procfs::process::{Process, all_processes};
use rustix::process::{Pid, getpid};
use std::ffi::OsStr;

/// In the environment of a successor: the process id of the one before (reexec() in gunicorn/arbiter.py).
const PREDECESSOR: &str = "GUNICORN_PID";

/// The successor of a process that has ended, among our children: whoever loses his parent becomes one.
pub fn of(ended: Pid) -> Option<Pid> {
    let own = getpid().as_raw_nonzero().get();
    let all = all_processes().into_iter().flatten().flatten();
    let mut ours = all.filter(|process| process.stat().is_ok_and(|stat| stat.ppid == own));
    ours.find(|process| is_told(process, ended)).and_then(|process| Pid::from_raw(process.pid))
}

/// One that has ended has no environment; that of another user cannot be read.
fn is_told(process: &Process, ended: Pid) -> bool {
    let environment = process.environ().unwrap_or_default();
    let told = environment.get(OsStr::new(PREDECESSOR)).and_then(|pid| pid.to_str()?.parse().ok());
    told == Some(ended.as_raw_nonzero().get())
}
