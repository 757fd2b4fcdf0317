//! Mounts of a thread's own, and a disk that is full. Needs root.
use super::in_a_thread;
use rustix::param::page_size;
use rustix::process::geteuid;
use rustix::thread::{UnshareFlags, unshare_unsafe};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Whether they can be had here.
pub fn permitted() -> Result<(), String> {
    geteuid().is_root().then_some(()).ok_or_else(|| "needs root, for mounts of its own".to_owned())
}

/// Runs `body` in a thread, for which, and for what it starts, a disk is mounted at `place`, with room for so many pages.
pub fn with_a_disk<T: Send>(place: &Path, pages: usize, body: impl FnOnce() -> T + Send) -> T {
    in_a_thread(|| {
        // SAFETY: takes no memory or descriptors from the other threads.
        unsafe { unshare_unsafe(UnshareFlags::NEWNS) }.unwrap();
        run(Command::new("mount").args(["--make-rprivate", "/"]));
        let size = format!("size={}", pages * page_size());
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(place));
        body()
    })
}

/// Fills so many pages of it.
pub fn fill(place: &Path, pages: usize) {
    fs::write(place.join("full"), vec![0; pages * page_size()]).unwrap();
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}
