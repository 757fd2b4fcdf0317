//! A listening socket as the kernel's table has it.
use super::address::{Address, UnixName};
use super::processes::Holder;
use super::watched::accept_queue;
use rustix::fs::fstat;
use rustix::net::sockopt::ipv6_v6only;
use rustix::net::{SocketAddrAny, SocketAddrUnix, getsockname};
use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;

/// A listening stream socket, of TCP or unix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The address that it is bound to.
    pub address: Address,
    /// Its inode, by which descriptors are matched.
    pub inode: u64,
    /// The user who made it: another's socket cannot share its TCP address. Of a unix socket 0.
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
    /// When it is neither an IP socket nor a unix one with a name.
    pub fn of(socket: &OwnedFd) -> io::Result<Self> {
        let address = getsockname(socket)?;
        let stat = fstat(socket)?;
        match SocketAddr::try_from(address.clone()) {
            Ok(address) => Ok(Self {
                address: address.into(),
                inode: stat.st_ino,
                uid: stat.st_uid,
                v6only: address.is_ipv6().then(|| ipv6_v6only(socket).ok()).flatten(),
                limit: accept_queue(socket).1,
                holders: Vec::new(),
            }),
            Err(_) => Ok(Self::unix(name(address)?, stat.st_ino, None)),
        }
    }

    /// A unix listener of this name, inode and queue limit, without its holders.
    #[must_use]
    pub fn unix(name: UnixName, inode: u64, limit: Option<u32>) -> Self {
        Self { address: name.into(), inode, uid: 0, v6only: None, limit, holders: Vec::new() }
    }
}

fn name(address: SocketAddrAny) -> io::Result<UnixName> {
    let address = SocketAddrUnix::try_from(address)?;
    // The zero byte at its end is counted where there is just room for it.
    let path = address.path_bytes().and_then(|path| path.split(|byte| *byte == 0).next());
    let path = path.map(|path| OsString::from_vec(path.to_vec()).into());
    let name = path.or_else(|| Some(UnixName::Abstract(address.abstract_name()?.to_vec())));
    name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a unix socket without a name"))
}
