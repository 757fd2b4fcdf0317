//! A listening socket as the kernel's table has it.
use super::processes::Holder;
use super::watched::accept_queue;
use rustix::fs::fstat;
use rustix::net::getsockname;
use rustix::net::sockopt::ipv6_v6only;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

/// A listening TCP socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The address that it is bound to.
    pub address: SocketAddr,
    /// Its inode, by which descriptors are matched.
    pub inode: u64,
    /// The user who made it: another's socket cannot share its address.
    pub uid: u32,
    /// Whether an IPv6 socket is closed to IPv4 (IPV6_V6ONLY), where that was told.
    pub v6only: Option<bool>,
    /// The accept queue's limit, in connections, where that was told.
    pub limit: Option<u32>,
    /// The descriptors of the server's processes for it; empty when found by its port alone.
    pub holders: Vec<Holder>,
}

impl Listener {
    /// Describes a listening socket that we hold ourselves.
    ///
    /// # Errors
    /// When it is no IP socket.
    pub fn of(socket: &OwnedFd) -> io::Result<Self> {
        let address = SocketAddr::try_from(getsockname(socket)?)?;
        let stat = fstat(socket)?;
        Ok(Self {
            address,
            inode: stat.st_ino,
            uid: stat.st_uid,
            v6only: address.is_ipv6().then(|| ipv6_v6only(socket).ok()).flatten(),
            limit: accept_queue(socket).1,
            holders: Vec::new(),
        })
    }
}
