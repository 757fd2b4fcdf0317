//! What a waiting call means: its process as /proc shows it. All of it may be another process's by the time that it is
//! read, unless the call still waits afterwards.
use super::Untouched;
use super::credentials::Credentials;
use rustix::fs::{OFlags, getxattr};
use rustix::net::{AddressFamily, Protocol, ipproto};
use std::fs::{self, File};
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
        flags(&info).ok_or(Untouched::Gone)
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
        Credentials::of(self.0)
    }
}

/// proc_pid_fdinfo(5): octal.
pub(super) fn flags(fdinfo: &str) -> Option<OFlags> {
    let told = |line: &str| u32::from_str_radix(line.strip_prefix("flags:")?.trim(), 8).ok();
    fdinfo.lines().find_map(told).map(OFlags::from_bits_retain)
}
