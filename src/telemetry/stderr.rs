//! Standard error that can neither hang nor end us.
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fmt::Display;
use std::io::{self, Write};

/// How much can be written at once when poll(2) calls a pipe writable, bytes: `PIPE_BUF` in
/// `<linux/limits.h>`.
const PIPE_BUF: usize = 4096;

/// Standard error, without waiting: what it cannot take at once (a full pipe, a reader that is gone) is
/// dropped, and nobody hears of it. A log must not hold up a drain.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let stderr = rustix::stdio::stderr();
        for chunk in bytes.chunks(PIPE_BUF) {
            let mut ready = [PollFd::from_borrowed_fd(stderr, PollFlags::OUT)];
            let now = Timespec::default();
            if !matches!(poll(&mut ready, Some(&now)), Ok(1)) || rustix::io::write(stderr, chunk).is_err() {
                break;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says one line as lameduck, in one write so that no other process's output comes between.
pub fn say(what: impl Display) {
    // `Stderr` never fails.
    let _ = Stderr.write_all(format!("lameduck: {what}\n").as_bytes());
}
