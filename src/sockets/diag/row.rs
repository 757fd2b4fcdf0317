//! A row of the kernel's table of sockets.
use super::answer::broken;
use super::{Family, Name};
use crate::sockets::connections::TCP_CLOSE_WAIT;
use netlink_packet_core::{NLA_HEADER_SIZE, NlasIterator, Parseable as _};
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, INET_DIAG_INFO, INET_DIAG_SKV6ONLY};
use netlink_packet_sock_diag::inet::{InetResponseHeader, SocketId};
use procfs::net::TcpNetEntry;
use std::borrow::Cow;
use std::io;
use std::net::SocketAddr;

/// INET_DIAG_SOCKOPT of linux/inet_diag.h (Linux 5.10): `struct inet_diag_sockopt`, a field of bits.
const INET_DIAG_SOCKOPT: u16 = 22;
/// The bit of IP_MULTICAST_LOOP in its first byte.
const MC_LOOP: u8 = 1 << 4;

/// The length of `struct inet_diag_msg` of linux/inet_diag.h, in bytes: its attributes begin there.
const HEADER: usize = 72;

/// A row of the kernel's table.
#[derive(Debug)]
pub struct Row<'a> {
    header: InetResponseHeader,
    attributes: Cow<'a, [u8]>,
}

impl<'a> Row<'a> {
    /// Reads a row; its attributes are read when they are asked for.
    pub(super) fn parse(payload: &'a [u8]) -> io::Result<Self> {
        let header = InetResponseHeader::parse(payload).map_err(broken)?;
        Ok(Self { header, attributes: Cow::Borrowed(payload.get(HEADER..).unwrap_or_default()) })
    }

    /// The row of a connection that /proc/net/tcp shows, as the socket itself tells it: its state, the bytes received and not
    /// read (without a FIN), its cookie, and its `struct tcp_info`.
    #[must_use]
    pub fn held(seen: &TcpNetEntry, state: u8, unread: u32, cookie: u64, tcp_info: &[u8]) -> Row<'static> {
        let (local, peer) = (seen.local_address, seen.remote_address);
        let family = if local.is_ipv4() { AF_INET } else { AF_INET6 };
        let socket_id = SocketId {
            source_port: local.port(),
            destination_port: peer.port(),
            source_address: local.ip(),
            destination_address: peer.ip(),
            interface_id: 0,
            cookie: cookie.to_ne_bytes(),
        };
        let header = InetResponseHeader {
            family,
            state,
            timer: None,
            socket_id,
            recv_queue: unread.saturating_add(u32::from(state == TCP_CLOSE_WAIT)),
            send_queue: seen.tx_queue,
            uid: seen.uid,
            // The kernel's rows have so much of it.
            inode: u32::try_from(seen.inode & u64::from(u32::MAX)).unwrap_or_default(),
        };
        let mut attributes = vec![0; NLA_HEADER_SIZE + tcp_info.len()];
        let length = u16::try_from(attributes.len()).unwrap_or(u16::MAX);
        attributes[..2].copy_from_slice(&length.to_ne_bytes());
        attributes[2..NLA_HEADER_SIZE].copy_from_slice(&INET_DIAG_INFO.to_ne_bytes());
        attributes[NLA_HEADER_SIZE..].copy_from_slice(tcp_info);
        Row { header, attributes: Cow::Owned(attributes) }
    }

    /// The same, for longer than the kernel's answer.
    pub(super) fn into_owned(self) -> Row<'static> {
        Row { header: self.header, attributes: Cow::Owned(self.attributes.into_owned()) }
    }

    /// The value of an attribute of this kind, if the kernel sent it.
    fn attribute(&self, kind: u16) -> Option<&[u8]> {
        let mut attributes = NlasIterator::new(&*self.attributes).filter_map(Result::ok);
        let attribute = attributes.find(|attribute| attribute.kind() == kind)?;
        let end = usize::from(attribute.length());
        attribute.into_inner().get(NLA_HEADER_SIZE..end)
    }

    /// The family that was asked for; a dual-stack socket's IPv4 connections are rows of AF_INET6.
    #[must_use]
    pub fn family(&self) -> Family {
        if self.local().is_ipv4() { Family::V4 } else { Family::V6 }
    }

    /// By which this very socket can be asked for again ([`super::SockDiag::connection`]).
    #[must_use]
    pub fn name(&self) -> Name {
        Name { family: self.family(), id: self.header.socket_id.clone() }
    }

    /// The local address.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        let id = &self.header.socket_id;
        SocketAddr::new(id.source_address, id.source_port)
    }

    /// The other end's address.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        let id = &self.header.socket_id;
        SocketAddr::new(id.destination_address, id.destination_port)
    }

    /// The state, one of the `TCP_*` numbers of net/tcp_states.h.
    #[must_use]
    pub fn state(&self) -> u8 {
        self.header.state
    }

    /// The inode; 0 for a socket that no process has: not accepted yet, or closed by its owner.
    #[must_use]
    pub fn inode(&self) -> u64 {
        self.header.inode.into()
    }

    /// The user who made the socket.
    #[must_use]
    pub fn uid(&self) -> u32 {
        self.header.uid
    }

    /// The kernel's name of this socket, never used again for another.
    #[must_use]
    pub fn cookie(&self) -> u64 {
        u64::from_ne_bytes(self.header.socket_id.cookie)
    }

    /// A listener: connections in the accept queue. A connection: bytes received and not read.
    #[must_use]
    pub fn recv_queue(&self) -> u32 {
        self.header.recv_queue
    }

    /// A listener: the accept queue's limit. A connection: bytes sent and not acknowledged.
    #[must_use]
    pub fn send_queue(&self) -> u32 {
        self.header.send_queue
    }

    /// The bytes of `struct tcp_info`, if the kernel sent them.
    #[must_use]
    pub fn tcp_info(&self) -> Option<&[u8]> {
        self.attribute(INET_DIAG_INFO)
    }

    /// Whether an IPv6 socket is closed to IPv4 (IPV6_V6ONLY), if the kernel said so: of listeners it does.
    #[must_use]
    pub fn v6only(&self) -> Option<bool> {
        Some(*self.attribute(INET_DIAG_SKV6ONLY)?.first()? != 0)
    }

    /// Whether IP_MULTICAST_LOOP is on, if the kernel said so.
    #[must_use]
    pub fn multicast_loop(&self) -> Option<bool> {
        Some(self.attribute(INET_DIAG_SOCKOPT)?.first()? & MC_LOOP != 0)
    }
}
