//! A network namespace of this process's own, with nothing but loopback in it.
use rustix::net::{AddressFamily, SocketType, socket};
use rustix::process::{getegid, geteuid};
use rustix::thread::{UnshareFlags, unshare_unsafe};
use std::fs;
use std::io;
use std::os::fd::AsRawFd;

/// Enters it. Needs root, or user namespaces that anyone may make; and, for these, a process with one thread.
pub fn enter() -> io::Result<()> {
    let (uid, gid) = (geteuid(), getegid());
    let flags =
        if uid.is_root() { UnshareFlags::NEWNET } else { UnshareFlags::NEWUSER | UnshareFlags::NEWNET };
    // SAFETY: neither flag takes memory or descriptors from the other threads.
    unsafe { unshare_unsafe(flags) }?;
    if !uid.is_root() {
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/uid_map", format!("0 {} 1", uid.as_raw()))?;
        fs::write("/proc/self/gid_map", format!("0 {} 1", gid.as_raw()))?;
    }
    bring_loopback_up()
}

/// netdevice(7).
fn bring_loopback_up() -> io::Result<()> {
    let any = socket(AddressFamily::INET, SocketType::DGRAM, None)?;
    // SAFETY: all bytes zero are a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (place, byte) in request.ifr_name.iter_mut().zip(b"lo") {
        *place = byte.cast_signed();
    }
    request.ifr_ifru.ifru_flags =
        i16::try_from(libc::IFF_UP | libc::IFF_RUNNING).map_err(io::Error::other)?;
    // SAFETY: the kernel reads one ifreq, which `request` is.
    let result = unsafe { libc::ioctl(any.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
