//! What a waiting call means: its process as /proc shows it. All of it may be another process's by the time that it is
//! read, unless the call still waits afterwards.
use super::Untouched;
use crate::sockets::processes::{descendants, holders};
use procfs::process::{FDTarget, Process};
use rustix::fs::{OFlags, getxattr};
use rustix::net::{AddressFamily, Protocol, ipproto};
use rustix::process::{Pid, getpid};
use std::collections::HashSet;
use std::fs::{self, File};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::RawFd;
use std::os::unix::fs::FileExt;

/// The protocol's name as the socket itself has it (sockfs_xattr_get() in net/socket.c), with a NUL at its end. A
/// socket of MPTCP has the names of its own.
const PROTOCOL_NAME: &str = "system.sockprotoname";
const PROTOCOLS: [(&[u8], AddressFamily, Protocol); 4] = [
    (b"TCP\0", AddressFamily::INET, ipproto::TCP),
    (b"TCPv6\0", AddressFamily::INET6, ipproto::TCP),
    (b"MPTCP\0", AddressFamily::INET, ipproto::MPTCP),
    (b"MPTCPv6\0", AddressFamily::INET6, ipproto::MPTCP),
];

/// Bit of /proc/PID/status's CapEff: CAP_NET_BIND_SERVICE of linux/capability.h.
const MAY_BIND_LOW_PORTS: u64 = 1 << 10;

/// A thread that waits for an answer.
#[derive(Debug, Clone, Copy)]
pub struct Target(u32);

/// What kind of socket it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// AF_INET or AF_INET6.
    pub family: AddressFamily,
    /// TCP or MPTCP.
    pub protocol: Protocol,
}

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

impl Target {
    /// By its thread's number.
    #[must_use]
    pub fn new(thread: u32) -> Self {
        Self(thread)
    }

    fn path(self, file: &str) -> String {
        format!("/proc/{}/{file}", self.0)
    }

    /// The inode of the socket that it calls `fd`; `None` when that is no socket.
    ///
    /// # Errors
    /// When its descriptors may not be read.
    pub fn socket(self, fd: RawFd) -> Result<Option<u64>, Untouched> {
        let target = fs::read_link(self.path(&format!("fd/{fd}"))).map_err(Untouched::hidden)?;
        let inode = target.to_str().and_then(|name| name.strip_prefix("socket:[")?.strip_suffix(']'));
        Ok(inode.and_then(|inode| inode.parse().ok()))
    }

    /// What kind of socket it is; `None`: none of TCP.
    ///
    /// # Errors
    /// When its descriptors may not be read.
    pub fn kind(self, fd: RawFd) -> Result<Option<Kind>, Untouched> {
        let mut name = [0; 16];
        let length = getxattr(self.path(&format!("fd/{fd}")), PROTOCOL_NAME, &mut name)
            .map_err(|error| Untouched::hidden(error.into()))?;
        let known = PROTOCOLS.iter().find(|(known, ..)| *known == &name[..length]);
        Ok(known.map(|&(_, family, protocol)| Kind { family, protocol }))
    }

    /// A part of its memory.
    ///
    /// # Errors
    /// When it may not be read, or is not there.
    pub fn memory(self, address: u64, length: usize) -> Result<Vec<u8>, Untouched> {
        let mut bytes = vec![0; length];
        let memory = File::open(self.path("mem")).map_err(Untouched::hidden)?;
        memory.read_exact_at(&mut bytes, address).map_err(Untouched::hidden)?;
        Ok(bytes)
    }

    /// The flags of its descriptor: O_NONBLOCK, O_CLOEXEC and others.
    ///
    /// # Errors
    /// When they may not be read.
    pub fn flags(self, fd: RawFd) -> Result<OFlags, Untouched> {
        let info = fs::read_to_string(self.path(&format!("fdinfo/{fd}"))).map_err(Untouched::hidden)?;
        let flags =
            info.lines().find_map(|line| u32::from_str_radix(line.strip_prefix("flags:")?.trim(), 8).ok());
        flags.map(OFlags::from_bits_retain).ok_or(Untouched::Gone)
    }

    /// Whether its sockets are of our own network namespace.
    ///
    /// # Errors
    /// When that may not be known.
    pub fn is_in_our_network(self) -> Result<bool, Untouched> {
        let its = fs::read_link(self.path("ns/net")).map_err(Untouched::hidden)?;
        Ok(fs::read_link("/proc/self/ns/net").is_ok_and(|ours| ours == its))
    }

    /// Who it is.
    ///
    /// # Errors
    /// When it is gone.
    pub fn credentials(self) -> Result<Credentials, Untouched> {
        let status = |process: procfs::ProcResult<Process>| process.and_then(|process| process.status());
        let its = status(Process::new(self.0.cast_signed())).map_err(|_| Untouched::Gone)?;
        let ours = status(Process::myself()).map_err(|_| Untouched::Gone)?;
        Ok(Credentials {
            process: its.tgid,
            fsuid: its.fuid,
            same_capabilities: its.capeff == ours.capeff,
            may_bind_low_ports: its.capeff & MAY_BIND_LOW_PORTS != 0,
        })
    }
}

impl Credentials {
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
    let wanted = format!("ino:{inode:x}");
    let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{epoll}")).unwrap_or_default();
    info.lines().any(|line| line.starts_with("tfd:") && line.split_whitespace().any(|word| word == wanted))
}

/// Reads `struct sockaddr_in` or `sockaddr_in6` (ip(7), ipv6(7)). `None` for anything else, and for an address that is
/// not of this family: the kernel itself will say what it thinks of that.
#[must_use]
pub fn ip_address(bytes: &[u8], family: AddressFamily) -> Option<SocketAddr> {
    let (found, rest) = bytes.split_first_chunk::<2>()?;
    let (port, rest) = rest.split_first_chunk::<2>()?;
    let port = u16::from_be_bytes(*port);
    if u16::from_ne_bytes(*found) != family.as_raw() {
        return None;
    }
    if family == AddressFamily::INET {
        let (ip, _) = rest.split_first_chunk::<4>()?;
        return Some(SocketAddrV4::new(Ipv4Addr::from(*ip), port).into());
    }
    let (flow, rest) = rest.split_first_chunk::<4>()?;
    let (ip, rest) = rest.split_first_chunk::<16>()?;
    let (scope, _) = rest.split_first_chunk::<4>()?;
    let (ip, flow, scope) = (Ipv6Addr::from(*ip), u32::from_be_bytes(*flow), u32::from_ne_bytes(*scope));
    Some(SocketAddrV6::new(ip, port, flow, scope).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_the_kernel_has_it_and_anything_else_is_left_to_the_kernel() {
        let v4 = [&2_u16.to_ne_bytes()[..], &[0x1F, 0x90, 127, 0, 0, 1], &[0; 8]].concat();
        assert_eq!(ip_address(&v4, AddressFamily::INET), Some("127.0.0.1:8080".parse().unwrap()));
        assert_eq!(ip_address(&v4, AddressFamily::INET6), None);
        assert_eq!(ip_address(&v4[..7], AddressFamily::INET), None);
        let ip = Ipv6Addr::LOCALHOST.octets();
        let v6 = [&10_u16.to_ne_bytes()[..], &[0x1F, 0x90, 0, 0, 0, 0], &ip, &3_u32.to_ne_bytes()].concat();
        let expected = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 8080, 0, 3);
        assert_eq!(ip_address(&v6, AddressFamily::INET6), Some(expected.into()));
        // Without its scope (RFC 2133) it is short: the kernel takes it, and so it is the kernel's.
        assert_eq!(ip_address(&v6[..24], AddressFamily::INET6), None);
    }
}
