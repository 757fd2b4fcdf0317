//! A row of the kernel's table of sockets.
use super::{Family, Name};
use netlink_packet_core::Nla as _;
use netlink_packet_sock_diag::inet::InetResponse;
use netlink_packet_sock_diag::inet::nlas::Nla;
use std::net::SocketAddr;

/// INET_DIAG_SOCKOPT of linux/inet_diag.h (Linux 5.10): `struct inet_diag_sockopt`, a field of bits.
const INET_DIAG_SOCKOPT: u16 = 22;
/// The bit of IP_MULTICAST_LOOP in its first byte.
const MC_LOOP: u8 = 1 << 4;

/// A row of the kernel's table.
#[derive(Debug)]
pub struct Row(pub(super) Box<InetResponse>);

impl Row {
    /// The family that was asked for; a dual-stack socket's IPv4 connections are rows of AF_INET6.
    #[must_use]
    pub fn family(&self) -> Family {
        if self.local().is_ipv4() { Family::V4 } else { Family::V6 }
    }

    /// By which this very socket can be asked for again ([`super::SockDiag::connection`]).
    #[must_use]
    pub fn name(&self) -> Name {
        Name { family: self.family(), id: self.0.header.socket_id.clone() }
    }

    /// The local address.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        let id = &self.0.header.socket_id;
        SocketAddr::new(id.source_address, id.source_port)
    }

    /// The other end's address.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        let id = &self.0.header.socket_id;
        SocketAddr::new(id.destination_address, id.destination_port)
    }

    /// The state, one of the `TCP_*` numbers of net/tcp_states.h.
    #[must_use]
    pub fn state(&self) -> u8 {
        self.0.header.state
    }

    /// The inode; 0 for a socket that no process has: not accepted yet, or closed by its owner.
    #[must_use]
    pub fn inode(&self) -> u64 {
        self.0.header.inode.into()
    }

    /// The user who made the socket.
    #[must_use]
    pub fn uid(&self) -> u32 {
        self.0.header.uid
    }

    /// The kernel's name of this socket, never used again for another.
    #[must_use]
    pub fn cookie(&self) -> u64 {
        u64::from_ne_bytes(self.0.header.socket_id.cookie)
    }

    /// A listener: connections in the accept queue. A connection: bytes received and not read.
    #[must_use]
    pub fn recv_queue(&self) -> u32 {
        self.0.header.recv_queue
    }

    /// A listener: the accept queue's limit. A connection: bytes sent and not acknowledged.
    #[must_use]
    pub fn send_queue(&self) -> u32 {
        self.0.header.send_queue
    }

    /// The bytes of `struct tcp_info`, if the kernel sent them.
    #[must_use]
    pub fn tcp_info(&self) -> Option<&[u8]> {
        self.0.nlas.iter().find_map(|nla| if let Nla::TcpInfo(bytes) = nla { Some(&bytes[..]) } else { None })
    }

    /// Whether an IPv6 socket is closed to IPv4 (IPV6_V6ONLY), if the kernel said so.
    #[must_use]
    pub fn v6only(&self) -> Option<bool> {
        self.0.nlas.iter().find_map(|nla| if let Nla::SkV6Only(v6only) = nla { Some(*v6only) } else { None })
    }

    /// Whether IP_MULTICAST_LOOP is on, if the kernel said so.
    #[must_use]
    pub fn multicast_loop(&self) -> Option<bool> {
        self.0.nlas.iter().find_map(|nla| {
            let Nla::Other(other) = nla else { return None };
            if other.kind() != INET_DIAG_SOCKOPT {
                return None;
            }
            let mut value = vec![0; other.value_len()];
            other.emit_value(&mut value);
            Some(value.first()? & MC_LOOP != 0)
        })
    }
}
