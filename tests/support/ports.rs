//! Ports that no neighbour takes: a server's until it has bound it, and one where nobody listens.
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::IntoRawFd;

/// A port of the loopback interface for a server that is yet to bind it, which nobody else is given.
///
/// # Panics
/// When every port of this kind is taken.
pub fn free_port() -> u16 {
    lameduck::sockets::free_port::free_port().expect("a free port")
}

/// An address of the loopback interface where every connection is refused, to the end of the test program: a socket is
/// bound there that never listens.
///
/// # Panics
/// When the kernel has no port left.
pub fn closed_port() -> SocketAddr {
    let socket =
        socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).expect("a socket");
    bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
    let address = getsockname(&socket).expect("its address");
    let _ = socket.into_raw_fd(); // kept until the process ends
    SocketAddr::try_from(address).expect("an address of IPv4")
}
