//! Processes as the kernel shows them in /proc, and signals to them.
#![allow(unsafe_code)]
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// Sends signal `number`, real-time ones included.
///
/// # Panics
/// When the process is gone or may not be signalled.
pub fn kill(pid: u32, number: i32) {
    let pid = i32::try_from(pid).expect("a process id");
    // SAFETY: touches no memory of ours.
    let outcome = unsafe { libc::kill(pid, number) };
    assert_eq!(outcome, 0, "kill({pid}, {number}): {}", std::io::Error::last_os_error());
}

/// The same to one that may be gone.
pub fn kill_if_there(pid: u32, number: i32) {
    let pid = i32::try_from(pid).expect("a process id");
    // SAFETY: touches no memory of ours.
    unsafe { libc::kill(pid, number) };
}

/// A mark in the environment of a process and of all that it starts, whoever their parent is by now. When the
/// mark is dropped, they are ended.
#[derive(Debug)]
pub struct Mark(String);

impl Mark {
    /// The environment variable.
    pub const NAME: &str = "TEST_PROCESS";

    /// A value that no other has.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        Self(format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)))
    }

    /// The variable's value.
    pub fn value(&self) -> &str {
        &self.0
    }

    /// The processes that have it.
    pub fn processes(&self) -> Vec<u32> {
        let entry = format!("{}={}", Self::NAME, self.0);
        all().filter(|pid| has_environment(*pid, &entry)).collect()
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        super::wait_for("the end of what the test started", || {
            let left = self.processes();
            for pid in &left {
                // One that is gone meanwhile is what is wanted.
                kill_if_there(*pid, libc::SIGKILL);
            }
            left.is_empty().then_some(())
        });
    }
}

/// Every process that /proc shows.
pub fn all() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").expect("/proc");
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// A variable of its environment.
pub fn environment(pid: u32, name: &str) -> Option<String> {
    let all = fs::read(file(pid, "environ")).ok()?;
    let mut entries = all.split(|byte| *byte == 0).filter_map(|entry| std::str::from_utf8(entry).ok());
    entries.find_map(|entry| Some(entry.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
}

/// Its state letter (`R`, `S`, `T`, `Z`, ...), or `None` when it is gone.
pub fn state(pid: u32) -> Option<char> {
    field(pid, "State")?.chars().next()
}

/// A field of /proc/PID/status.
pub fn field(pid: u32, name: &str) -> Option<String> {
    let status = fs::read_to_string(file(pid, "status")).ok()?;
    let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(value.trim().to_owned())
}

/// Whether it has a handler for signal `number` (`SigCgt` in proc_pid_status(5)).
pub fn catches(pid: u32, number: i32) -> bool {
    let caught = field(pid, "SigCgt").and_then(|mask| u64::from_str_radix(&mask, 16).ok());
    caught.is_some_and(|mask| mask & 1 << (number - 1) != 0)
}

/// Whether signal `number` has come to it, and is blocked and not taken yet.
pub fn is_pending(pid: u32, number: i32) -> bool {
    let masks = ["SigPnd", "ShdPnd"].map(|mask| field(pid, mask));
    let mut masks = masks.into_iter().filter_map(|mask| u64::from_str_radix(&mask?, 16).ok());
    masks.any(|mask| mask & 1 << (number - 1) != 0)
}

/// Whether a worker of gunicorn has handlers of its own. A signal that comes before is lost: its handlers are then those
/// of the master that it was forked from. ABRT is the one that only a worker catches (init_signals() in
/// gunicorn/workers/base.py).
pub fn has_booted(worker: u32) -> bool {
    catches(worker, libc::SIGABRT)
}

/// Its parent.
pub fn parent(pid: u32) -> Option<u32> {
    field(pid, "PPid")?.parse().ok()
}

fn has_environment(pid: u32, entry: &str) -> bool {
    // One that has ended, even if not reaped yet, has none; that of another user cannot be read.
    fs::read(file(pid, "environ"))
        .is_ok_and(|text| text.split(|byte| *byte == 0).any(|e| e == entry.as_bytes()))
}

fn file(pid: u32, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/{name}"))
}
