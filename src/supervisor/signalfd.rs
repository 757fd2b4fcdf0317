//! Signals as messages: all of them blocked, and read from a signalfd(2).
use super::signal::Signal;
use super::sys;
use nix::sys::signal::SigSet;
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::process::getpid;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// The signals that come in, in the order in which the kernel hands them out.
///
/// A blocked signal reaches us even where it was ignored when we were started (`nohup`), and as PID 1, to
/// whom the kernel sends nothing that has no handler. The kernel keeps one of a kind: several CHLD are seen
/// as one.
#[derive(Debug)]
pub struct Signals(SignalFd);

/// A signal that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Which.
    pub signal: Signal,
    /// The process that sent it; 0 for the kernel, for a terminal, and for a sender outside our PID
    /// namespace.
    pub sender: u32,
}

impl Signals {
    /// Blocks every signal but our own faults, in this thread and in all that it starts: do this first.
    ///
    /// # Errors
    /// When the kernel has no signalfd to give (out of descriptors or memory).
    pub fn block() -> io::Result<Self> {
        // Ignored CHLD, which exec(2) hands down, makes the kernel reap our children before we see their
        // status.
        sys::set_disposition(Signal::CHLD, false);
        let mut set = SigSet::all();
        for fault in Signal::FAULTS {
            set.remove(fault);
        }
        set.thread_set_mask()?;
        Ok(Self(SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?))
    }

    /// None at all: for a thread of a process whose signals another one reads.
    ///
    /// # Errors
    /// As [`Self::block`].
    pub fn none() -> io::Result<Self> {
        Ok(Self(SignalFd::with_flags(&SigSet::empty(), SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?))
    }

    /// The next signal that is waiting and that others sent, or `None`. Never blocks: `poll(2)` tells when there is one.
    ///
    /// # Errors
    /// Those of read(2), none of which is expected.
    pub fn next(&self) -> io::Result<Option<Received>> {
        let own = getpid().as_raw_nonzero().get().unsigned_abs();
        while let Some(info) = self.0.read_signal()? {
            // The kernel's answer to a write of ours, in our own name: PIPE when a log's reader is gone, XFSZ when a
            // report is too long. It is not the server's, whom it could kill.
            if info.ssi_pid == own {
                continue;
            }
            let number = i32::try_from(info.ssi_signo).ok();
            if let Some(signal) = number.and_then(Signal::new) {
                return Ok(Some(Received { signal, sender: info.ssi_pid }));
            }
        }
        Ok(None)
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
