//! The calls of seccomp(2) for which no library has a safe function, thin and safe from here on.
#![allow(unsafe_code)]
use rustix::fd::FromRawFd;
use std::ffi::{c_int, c_ulong};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// A call that waits for an answer (`struct seccomp_notif` of linux/seccomp.h).
pub use libc::seccomp_notif as Notification;
/// A descriptor for the one who waits (`struct seccomp_notif_addfd`).
pub use libc::seccomp_notif_addfd as Addition;
/// An answer (`struct seccomp_notif_resp`).
pub use libc::seccomp_notif_resp as Response;
/// One instruction of a classic BPF program (`struct sock_filter` of linux/filter.h).
pub use libc::sock_filter as Instruction;

/// Puts the calling thread, and all that it will start, under `program`; gives the descriptor at which the calls that
/// the program announces can be answered. It is closed by exec.
///
/// # Errors
/// EACCES: neither no_new_privs nor CAP_SYS_ADMIN; EBUSY: this thread is under such a program already; EINVAL: the
/// kernel knows not all of `flags`; EPERM or ENOSYS: refused by a seccomp filter.
pub fn install(program: &[Instruction], flags: c_ulong) -> io::Result<OwnedFd> {
    let len = u16::try_from(program.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let fprog = libc::sock_fprog { len, filter: program.as_ptr().cast_mut() };
    let flags = flags | libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    // SAFETY: `fprog` points to `len` instructions that live through the call; the kernel only reads them.
    let listener =
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const fprog) };
    match c_int::try_from(listener) {
        // SAFETY: with this flag success is a new descriptor (seccomp(2)), and nobody else knows of it.
        Ok(listener) if listener >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(listener) }),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Has the one who calls and the one who answers take turns on one processor (`SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP` of
/// linux/seccomp.h, Linux 6.6).
///
/// # Errors
/// EINVAL: an older kernel. It works as well, and slower.
pub fn take_turns(listener: impl AsFd) -> io::Result<()> {
    const SYNC_WAKE_UP: c_ulong = 1;
    let listener = listener.as_fd().as_raw_fd();
    // SAFETY: the argument is the flags themselves; no memory is touched.
    let result = unsafe { libc::ioctl(listener, libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS, SYNC_WAKE_UP) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Takes the next call that waits for an answer.
///
/// # Errors
/// ENOENT: whoever made it is gone, or a signal has interrupted it; EINTR.
pub fn receive(listener: impl AsFd) -> io::Result<Notification> {
    // The kernel insists on zeros (seccomp_notify_recv() in kernel/seccomp.c). The request's number tells it the
    // length of the struct.
    let data = libc::seccomp_data { nr: 0, arch: 0, instruction_pointer: 0, args: [0; 6] };
    let mut notification = Notification { id: 0, pid: 0, flags: 0, data };
    // SAFETY: the kernel writes one seccomp_notif, which `notification` is.
    unsafe { ioctl(listener, libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut notification) }?;
    Ok(notification)
}

/// Whether the call still waits: only then is what was read of its process, by its number, its own.
pub fn is_waiting(listener: impl AsFd, id: u64) -> bool {
    // SAFETY: the kernel reads one u64.
    unsafe { ioctl(listener, libc::SECCOMP_IOCTL_NOTIF_ID_VALID, (&raw const id).cast_mut()) }.is_ok()
}

/// Answers a call.
///
/// # Errors
/// ENOENT: nobody waits any more.
pub fn respond(listener: impl AsFd, response: Response) -> io::Result<()> {
    // SAFETY: the kernel reads one seccomp_notif_resp, which `response` is.
    unsafe { ioctl(listener, libc::SECCOMP_IOCTL_NOTIF_SEND, (&raw const response).cast_mut()) }
}

/// Gives the process that waits a duplicate of a descriptor of ours.
///
/// # Errors
/// ENOENT: nobody waits any more; EBADF: the number is beyond its RLIMIT_NOFILE.
pub fn add(listener: impl AsFd, addition: Addition) -> io::Result<()> {
    // SAFETY: the kernel reads one seccomp_notif_addfd, which `addition` is.
    unsafe { ioctl(listener, libc::SECCOMP_IOCTL_NOTIF_ADDFD, (&raw const addition).cast_mut()) }
}

/// # Safety
/// `argument` points to what this request reads or writes.
unsafe fn ioctl<T>(listener: impl AsFd, request: libc::Ioctl, argument: *mut T) -> io::Result<()> {
    // SAFETY: the caller vouches for `argument`; the kernel keeps no pointer to it.
    let result = unsafe { libc::ioctl(listener.as_fd().as_raw_fd(), request, argument) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
