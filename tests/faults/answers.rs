//! Answers of sock_diag that are lost or cut short on their way, by a filter at the socket that asked (socket(7)).
use super::{attach_filter, in_a_thread, statement};
use lameduck::sockets::duplicate;
use rustix::io::dup;
use rustix::net::sockopt::{socket_domain, socket_protocol};
use rustix::net::{AddressFamily, netlink};
use rustix::process::Pid;
use rustix::thread::{UnshareFlags, unshare_unsafe};
use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;

/// NLMSG_DONE of linux/netlink.h, the end of a dump, as a program loads it.
const DONE: u32 = u16::from_be_bytes(3_u16.to_ne_bytes()) as u32;
/// Where `struct nlmsghdr` of linux/netlink.h has the type, bytes.
const TYPE_AT: u32 = 4;

/// What of an answer is lost.
#[derive(Debug, Clone, Copy)]
pub enum Lost {
    All,
    /// What the end of a dump is told by.
    TheEnd,
    /// All of each piece beyond so many bytes.
    Beyond(u32),
}

/// Has it lost for as long as the socket is open.
pub fn lose(socket: impl AsFd, lost: Lost) {
    let give = |bytes| statement(libc::BPF_RET | libc::BPF_K, 0, 0, bytes);
    match lost {
        Lost::All => attach_filter(socket, &[give(0)]),
        Lost::Beyond(bytes) => attach_filter(socket, &[give(bytes)]),
        Lost::TheEnd => attach_filter(
            socket,
            &[
                statement(libc::BPF_LD | libc::BPF_H | libc::BPF_ABS, 0, 0, TYPE_AT),
                statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, DONE),
                give(0),
                give(u32::MAX),
            ],
        ),
    }
}

/// Runs `body` in a thread with descriptors of its own: those that it opens are no other test's.
pub fn with_own_descriptors<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    in_a_thread(|| {
        // SAFETY: nothing that the thread has by now closes a descriptor that it was given.
        unsafe { unshare_unsafe(UnshareFlags::FILES) }.unwrap();
        // SAFETY: the copies in the thread's own table, which nobody knows of.
        assert_eq!(unsafe { libc::close_range(3, u32::MAX, 0) }, 0);
        body()
    })
}

/// Those sockets by which this thread asks sock_diag; of one [`with_own_descriptors`].
pub fn ours() -> Vec<OwnedFd> {
    // SAFETY: open by what /proc says of this very thread; only duplicated.
    descriptors(Path::new("/proc/thread-self/fd"), |fd| dup(unsafe { BorrowedFd::borrow_raw(fd) }).ok())
}

/// Duplicates of those by which a process asks.
pub fn of(pid: u32) -> Vec<OwnedFd> {
    let process = Pid::from_raw(pid.cast_signed()).unwrap();
    descriptors(Path::new(&format!("/proc/{pid}/fd")), |fd| duplicate::of(process, fd).ok())
}

fn descriptors(of: &Path, take: impl Fn(RawFd) -> Option<OwnedFd>) -> Vec<OwnedFd> {
    let numbers: Vec<RawFd> = fs::read_dir(of)
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    numbers.into_iter().filter_map(take).filter(asks_sock_diag).collect()
}

fn asks_sock_diag(fd: &OwnedFd) -> bool {
    socket_domain(fd).ok() == Some(AddressFamily::NETLINK)
        && socket_protocol(fd).ok().flatten() == Some(netlink::SOCK_DIAG)
}
