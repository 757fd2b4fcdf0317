//! The calls that are announced, and their answers: one safe type around the descriptor of a seccomp listener.
use super::sys::{self, Addition, Notification, Response};
use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

/// Where announced calls arrive. While it is open they wait for an answer; once it is closed they fail with ENOSYS.
#[derive(Debug)]
pub struct Notifier(OwnedFd);

/// A call that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    id: u64,
    /// The thread that made it, as lameduck's PID namespace numbers it; 0 when it is not in there.
    pub thread: u32,
    /// What it asks for.
    pub call: Call,
}

/// What is asked for. Addresses are those of the caller's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// bind(2).
    Bind {
        /// The socket, by the caller's number.
        fd: RawFd,
        /// Where the address is.
        address: u64,
        /// Its length, bytes.
        length: usize,
    },
    /// setsockopt(2).
    SetOption {
        /// The socket, by the caller's number.
        fd: RawFd,
        /// SOL_SOCKET, IPPROTO_TCP, ...
        level: c_int,
        /// The option's number at its level.
        name: c_int,
        /// Where the value is.
        value: u64,
        /// Its length, bytes.
        length: usize,
    },
    /// One that the program does not announce.
    Other,
}

impl Waiting {
    pub(super) fn of(notification: &Notification) -> Self {
        let registers = notification.data.args;
        // seccomp passes whole registers; what is above an int's 32 bits means nothing to the call.
        let int = |at: usize| u32::try_from(registers[at] & u64::from(u32::MAX)).unwrap_or(0).cast_signed();
        let length = |at: usize| usize::try_from(int(at).cast_unsigned()).unwrap_or(usize::MAX);
        let fd = int(0);
        let call = match libc::c_long::from(notification.data.nr) {
            libc::SYS_bind => Call::Bind { fd, address: registers[1], length: length(2) },
            libc::SYS_setsockopt => {
                let (level, name) = (int(1), int(2));
                Call::SetOption { fd, level, name, value: registers[3], length: length(4) }
            }
            _ => Call::Other,
        };
        Self { id: notification.id, thread: notification.pid, call }
    }
}

impl Notifier {
    /// Around the descriptor that the program's installation gave.
    #[must_use]
    pub fn new(listener: OwnedFd) -> Self {
        // Refused by kernels before 6.6, where an answer takes a little longer.
        let _ = sys::take_turns(&listener);
        Self(listener)
    }

    /// The next call. Blocks when there is none.
    ///
    /// # Errors
    /// ENOENT: it was interrupted, or its maker is gone. EINTR.
    pub fn receive(&self) -> io::Result<Waiting> {
        sys::receive(&self.0).map(|notification| Waiting::of(&notification))
    }

    /// Whether it still waits: only then is what was read in /proc, by its thread's number, its own.
    #[must_use]
    pub fn waits(&self, waiting: &Waiting) -> bool {
        sys::is_waiting(&self.0, waiting.id)
    }

    /// Puts `socket` in the place of the caller's descriptor `fd`, which is closed in that instant, as dup2(2) does.
    ///
    /// # Errors
    /// ENOENT: nobody waits any more.
    pub fn put_in_place(
        &self,
        waiting: &Waiting,
        fd: RawFd,
        socket: &OwnedFd,
        close_on_exec: bool,
    ) -> io::Result<()> {
        let [srcfd, newfd] = [socket.as_raw_fd(), fd].map(RawFd::cast_unsigned);
        // Both are small: bit 0, and an O_* of fcntl.h.
        let flags = u32::try_from(libc::SECCOMP_ADDFD_FLAG_SETFD).unwrap_or(0);
        let newfd_flags = if close_on_exec { libc::O_CLOEXEC.cast_unsigned() } else { 0 };
        sys::add(&self.0, Addition { id: waiting.id, flags, srcfd, newfd, newfd_flags })
    }

    /// The call is made as if nobody had asked.
    ///
    /// # Errors
    /// ENOENT: nobody waits any more.
    pub fn go_on(&self, waiting: &Waiting) -> io::Result<()> {
        let flags = u32::try_from(libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE).unwrap_or(0);
        sys::respond(&self.0, Response { id: waiting.id, val: 0, error: 0, flags })
    }

    /// The call is not made, and its caller is told that it succeeded.
    ///
    /// # Errors
    /// ENOENT: nobody waits any more.
    pub fn done(&self, waiting: &Waiting) -> io::Result<()> {
        sys::respond(&self.0, Response { id: waiting.id, val: 0, error: 0, flags: 0 })
    }
}

impl AsFd for Notifier {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
