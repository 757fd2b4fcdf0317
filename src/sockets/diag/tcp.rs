//! The kernel's table of TCP sockets (inet_diag).
//!
//! A dump of listeners costs about 18 µs and does not grow with established connections; a dump of
//! connections walks the table of the whole node. Both are filtered by local port in the kernel.
use super::{ANY_COOKIE, INTERRUPTED_TRIES, Row, SockDiag};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
use std::io;
use std::net::SocketAddr;

/// An address family, asked for separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// AF_INET
    V4,
    /// AF_INET6, which holds the IPv4 connections of a dual-stack socket too
    V6,
}

impl Family {
    /// Both, in the order in which they are asked.
    pub const BOTH: [Self; 2] = [Self::V4, Self::V6];

    /// The family of an address.
    #[must_use]
    pub fn of(address: SocketAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }
}

/// The state sets that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum States {
    /// Listening sockets.
    Listening,
    /// Connections of which a client may still want something: from the first SYN to the last acknowledgement.
    Connections,
}

impl States {
    /// Whether a state, one of the `TCP_*` numbers of net/tcp_states.h, is among them.
    #[must_use]
    pub fn have(self, state: u8) -> bool {
        self.flags().bits() & 1_u32.wrapping_shl(state.into()) != 0
    }

    fn flags(self) -> StateFlags {
        match self {
            Self::Listening => StateFlags::LISTEN,
            Self::Connections => {
                StateFlags::SYN_RECV
                    | StateFlags::ESTABLISHED
                    | StateFlags::CLOSE_WAIT
                    | StateFlags::FIN_WAIT1
                    | StateFlags::CLOSING
                    | StateFlags::LAST_ACK
            }
        }
    }
}

/// A listener, as the table has it.
#[derive(Debug, Clone, Copy)]
pub struct Listening {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its inode.
    pub inode: u64,
    /// The user who made it.
    pub uid: u32,
    /// Whether an IPv6 socket is closed to IPv4, if the kernel said so.
    pub v6only: Option<bool>,
    /// The length of its accept queue, in connections.
    pub queue: u32,
    /// That queue's limit.
    pub limit: u32,
}

impl Listening {
    fn of(row: &Row) -> Self {
        Self {
            address: row.local(),
            inode: row.inode(),
            uid: row.uid(),
            v6only: row.v6only(),
            queue: row.recv_queue(),
            limit: row.send_queue(),
        }
    }
}

/// A connection's addresses and cookie.
#[derive(Debug, Clone)]
pub struct Name {
    pub(super) family: Family,
    pub(super) id: SocketId,
}

impl SockDiag {
    /// Calls `each` with every socket of a family in these states, on this local port or on all. `false`: the kernel
    /// says that the table changed meanwhile, so that some may have been missed and some shown twice.
    ///
    /// # Errors
    /// ENOENT when the kernel lacks tcp_diag, and what a refused or broken netlink socket gives.
    pub fn walk(
        &mut self,
        family: Family,
        states: States,
        port: Option<u16>,
        mut each: impl FnMut(&Row),
    ) -> io::Result<bool> {
        let wanted = SockDiagMessage::InetRequest(request(family, states, port));
        self.dump(wanted, |row| {
            each(&Row::parse(row)?);
            Ok(())
        })
    }

    /// Gives every listener of a family, on this local port or on all, once the table stays as it is for a walk.
    ///
    /// # Errors
    /// As [`Self::walk`].
    pub fn listening(&mut self, family: Family, port: Option<u16>) -> io::Result<Vec<Listening>> {
        let mut all = Vec::new();
        for _ in 0..INTERRUPTED_TRIES {
            all.clear();
            if self.walk(family, States::Listening, port, |row| all.push(Listening::of(row)))? {
                break;
            }
        }
        Ok(all)
    }

    /// The accept queue's length and limit of the listener at `address` with this inode; `None`: it is gone.
    ///
    /// An exact look-up costs about 4 µs, but gives one socket of a SO_REUSEPORT group, and none that is bound to
    /// a device (SO_BINDTODEVICE): where it does not give the wanted one, the dump tells.
    ///
    /// # Errors
    /// As [`Self::walk`].
    pub fn listener(&mut self, address: SocketAddr, inode: u64) -> io::Result<Option<(u32, Option<u32>)>> {
        let mut wanted = request(Family::of(address), States::Listening, Some(address.port()));
        wanted.socket_id.source_address = address.ip();
        wanted.socket_id.cookie = ANY_COOKIE;
        let queue = |row: &Listening| (row.queue, Some(row.limit));
        if let Some(row) = self.look_up(&wanted)?.filter(|row| row.inode() == inode) {
            return Ok(Some(queue(&Listening::of(&row))));
        }
        let all = self.listening(Family::of(address), Some(address.port()))?;
        Ok(all.iter().find(|row| row.inode == inode).map(queue))
    }

    /// This connection as it is now; `None`: it is gone, or of none of the states of [`States::Connections`].
    ///
    /// About 4 µs, however many others there are: the kernel finds it by its hash.
    ///
    /// # Errors
    /// As [`Self::walk`].
    pub fn connection(&mut self, name: &Name) -> io::Result<Option<Row<'static>>> {
        let wanted =
            InetRequest { socket_id: name.id.clone(), ..request(name.family, States::Connections, None) };
        // An exact look-up does not go by states: it finds TIME_WAIT too.
        Ok(self.look_up(&wanted)?.filter(|row| States::Connections.have(row.state())))
    }

    /// The one socket of these addresses and this cookie.
    fn look_up(&mut self, wanted: &InetRequest) -> io::Result<Option<Row<'static>>> {
        self.one(SockDiagMessage::InetRequest(wanted.clone()), |row| Ok(Row::parse(row)?.into_owned()))
    }
}

fn request(family: Family, states: States, port: Option<u16>) -> InetRequest {
    let (family, mut socket_id) = match family {
        Family::V4 => (AF_INET, SocketId::new_v4()),
        Family::V6 => (AF_INET6, SocketId::new_v6()),
    };
    socket_id.source_port = port.unwrap_or(0);
    let extensions = match states {
        States::Listening => ExtensionFlags::empty(),
        States::Connections => ExtensionFlags::INFO,
    };
    InetRequest { family, protocol: IPPROTO_TCP, extensions, states: states.flags(), socket_id }
}
