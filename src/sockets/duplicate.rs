//! Holding a duplicate of another process's socket (pidfd_getfd(2), Linux 5.6).
//!
//! Whoever holds a duplicate of a listener keeps it alive: the server's close() then resets nothing. It may be
//! refused: by the RuntimeDefault seccomp profile without CAP_SYS_PTRACE, by another user id, by Yama.
use rustix::fs::fstat;
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// Duplicates descriptor `fd` of process `pid`, which must be the socket of this inode: descriptor numbers
/// are used again, and a stranger's socket must not be touched.
///
/// # Errors
/// ESRCH: the process is gone; EBADF: the descriptor is; EPERM: not permitted here; ENOENT: another socket has
/// taken the number.
pub fn duplicate(pid: Pid, fd: RawFd, inode: u64) -> io::Result<OwnedFd> {
    let socket = of(pid, fd)?;
    if fstat(&socket)?.st_ino == inode { Ok(socket) } else { Err(rustix::io::Errno::NOENT.into()) }
}

/// Duplicates descriptor `fd` of process `pid`, whatever it is.
///
/// # Errors
/// As [`duplicate`], without its ENOENT.
pub fn of(pid: Pid, fd: RawFd) -> io::Result<OwnedFd> {
    Ok(pidfd_getfd(pidfd_open(pid, PidfdFlags::empty())?, fd, PidfdGetfdFlags::empty())?)
}

/// Whether pidfd_getfd(2) is permitted at all, tried on a descriptor of our own. A refusal by a seccomp filter or
/// an old kernel shows here; one by Yama or for another user's process shows only on that process.
///
/// # Errors
/// The refusal: EPERM or ENOSYS.
pub fn permitted() -> io::Result<()> {
    let process = pidfd_open(getpid(), PidfdFlags::empty())?;
    pidfd_getfd(&process, process.as_raw_fd(), PidfdGetfdFlags::empty())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplicate_is_the_same_socket_and_a_number_taken_by_another_is_refused() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let inode = fstat(&listener).unwrap().st_ino;
        permitted().unwrap();
        let held = duplicate(getpid(), listener.as_raw_fd(), inode).unwrap();
        assert_eq!(fstat(&held).unwrap().st_ino, inode);
        let refused = duplicate(getpid(), listener.as_raw_fd(), inode + 1).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::NotFound);
    }
}
