//! Who calls: what its process may do, and whether the socket is its alone.
use super::Untouched;
use crate::sockets::processes::{descendants, holders};
use procfs::ProcResult;
use procfs::process::{FDTarget, Process};
use rustix::process::{Pid, getpid};
use std::collections::HashSet;
use std::fs;
use std::os::fd::RawFd;

/// Bit of /proc/PID/status's CapEff: CAP_NET_BIND_SERVICE of linux/capability.h.
const MAY_BIND_LOW_PORTS: u64 = 1 << 10;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credentials {
    process: i32,
    /// To whom its sockets belong.
    pub fsuid: u32,
    /// Whether it may do what we may.
    pub same_capabilities: bool,
    may_bind_low_ports: bool,
}

impl Credentials {
    /// Those of a thread, by its number.
    ///
    /// # Errors
    /// When it is gone.
    pub fn of(thread: u32) -> Result<Self, Untouched> {
        let status = |process: ProcResult<Process>| process.and_then(|process| process.status());
        let its = status(Process::new(thread.cast_signed())).map_err(|_| Untouched::Gone)?;
        let ours = status(Process::myself()).map_err(|_| Untouched::Gone)?;
        Ok(Self {
            process: its.tgid,
            fsuid: its.fuid,
            same_capabilities: its.capeff == ours.capeff,
            may_bind_low_ports: its.capeff & MAY_BIND_LOW_PORTS != 0,
        })
    }

    /// Whether it may bind this port: what it may not, we must not do in its place.
    #[must_use]
    pub fn may_bind(&self, port: u16) -> bool {
        // ip(7); a kernel without it (before 4.11) has 1024.
        let first = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
        let first = first.ok().and_then(|first| first.trim().parse().ok()).unwrap_or(1024);
        self.may_bind_low_ports || port >= first
    }

    /// Whether `fd` of this process is the only way to the socket: duplicates would go on with the old one, and so
    /// would an epoll that it is in.
    ///
    /// # Errors
    /// Which of the two it is.
    pub fn is_sole_holder(&self, inode: u64) -> Result<(), Untouched> {
        let pid = Pid::from_raw(self.process).ok_or(Untouched::Gone)?;
        let mut processes = descendants(getpid());
        processes.insert(pid);
        let (by_inode, _) = holders(&processes, &HashSet::from([inode]));
        match by_inode.get(&inode).map(Vec::len) {
            Some(1) => {}
            None | Some(0) => return Err(Untouched::Gone),
            Some(_) => return Err(Untouched::Duplicated),
        }
        let descriptors = Process::new(self.process).and_then(|process| process.fd());
        for descriptor in descriptors.map_err(|_| Untouched::Gone)?.flatten() {
            if matches!(&descriptor.target, FDTarget::AnonInode(kind) if kind == "[eventpoll]")
                && is_in_epoll(self.process, descriptor.fd, inode)
            {
                return Err(Untouched::InEpoll);
            }
        }
        Ok(())
    }
}

/// proc_pid_fdinfo(5): `tfd: 5 events: 19 data: 5 pos:0 ino:61af sdev:7`.
fn is_in_epoll(pid: i32, epoll: RawFd, inode: u64) -> bool {
    fs::read_to_string(format!("/proc/{pid}/fdinfo/{epoll}")).is_ok_and(|info| watches(&info, inode))
}

pub(super) fn watches(info: &str, inode: u64) -> bool {
    let wanted = format!("ino:{inode:x}");
    info.lines().any(|line| line.starts_with("tfd:") && line.split_whitespace().any(|word| word == wanted))
}
