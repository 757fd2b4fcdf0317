//! Sockets that lameduck binds itself and hands to the server (`--listen`).
use rustix::net::sockopt::set_socket_reuseaddr;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

/// The kernel cuts it down to net.core.somaxconn (listen(2)); servers that take the socket call listen() again.
const LONGEST_BACKLOG: i32 = i32::MAX;

/// Listens at `address`. The socket blocks, as systemd's do; an IPv6 wildcard takes IPv4 too, where
/// net.ipv6.bindv6only is 0.
///
/// # Errors
/// A sentence that names the address and the kernel's reason.
pub fn at(address: SocketAddr) -> Result<OwnedFd, String> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let make = || -> rustix::io::Result<OwnedFd> {
        let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        // A restart must not wait for the last run's TIME_WAIT, and the gate's socket needs it on both sides.
        set_socket_reuseaddr(&socket, true)?;
        bind(&socket, &address)?;
        listen(&socket, LONGEST_BACKLOG)?;
        Ok(socket)
    };
    make().map_err(|error| {
        format!("cannot listen at {address}: {error}; choose an address of this machine that is free")
    })
}
