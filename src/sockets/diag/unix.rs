//! The kernel's table of unix stream sockets (unix_diag).
//!
//! A dump walks all unix sockets of the network namespace, and shows none that nobody has accepted yet: those are the
//! listener's queue. Answers carry the low 32 bits of inodes, as the kernel's own structures do.
use super::answer::broken;
use super::{ANY_COOKIE, SockDiag};
use crate::sockets::address::UnixName;
use netlink_packet_core::{Nla as _, Parseable as _};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::SOCK_STREAM;
use netlink_packet_sock_diag::unix::nlas::{Nla, UnixDiagName};
use netlink_packet_sock_diag::unix::{ShowFlags, StateFlags, UnixRequest, UnixResponse};
use std::io;

/// The state sets that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnixStates {
    /// Listening sockets.
    Listening,
    /// Connected ones, of either end.
    Connected,
}

/// A row of the kernel's table.
#[derive(Debug)]
pub struct UnixRow(Box<UnixResponse>);

impl SockDiag {
    /// Calls `each` with every unix stream socket in these states.
    ///
    /// # Errors
    /// ENOENT when the kernel lacks unix_diag, and what a refused or broken netlink socket gives.
    pub fn unix(&mut self, states: UnixStates, mut each: impl FnMut(&UnixRow)) -> io::Result<()> {
        let states = match states {
            UnixStates::Listening => StateFlags::LISTEN,
            UnixStates::Connected => StateFlags::ESTABLISHED,
        };
        self.dump(request(states, 0), |row| {
            UnixRow::parse(row)?.iter().for_each(&mut each);
            Ok(())
        })?;
        Ok(())
    }

    /// The unix stream socket of this inode; `None`: it is gone.
    ///
    /// # Errors
    /// As [`Self::unix`].
    pub fn unix_socket(&mut self, inode: u64) -> io::Result<Option<UnixRow>> {
        let Ok(inode) = u32::try_from(inode) else { return Ok(None) };
        Ok(self.one(request(StateFlags::all(), inode), UnixRow::parse)?.flatten())
    }
}

fn request(state_flags: StateFlags, inode: u32) -> SockDiagMessage {
    let show_flags = ShowFlags::NAME | ShowFlags::VFS | ShowFlags::PEER | ShowFlags::RQLEN;
    SockDiagMessage::UnixRequest(UnixRequest { state_flags, inode, show_flags, cookie: ANY_COOKIE })
}

impl UnixRow {
    /// Reads a row; `None`: it is no stream socket's.
    pub(super) fn parse(payload: &[u8]) -> io::Result<Option<Self>> {
        let row = UnixResponse::parse(payload).map_err(broken)?;
        Ok((row.header.kind == SOCK_STREAM).then(|| Self(Box::new(row))))
    }

    /// Its name. Whoever is accepted has the listener's.
    #[must_use]
    pub fn name(&self) -> Option<UnixName> {
        self.0.name().map(|name| match name {
            UnixDiagName::Pathname(path) => path.clone().into(),
            UnixDiagName::Abstract(name) => UnixName::Abstract(name.clone()),
        })
    }

    /// The inode of the file that it was bound as. Whoever is accepted has the listener's.
    #[must_use]
    pub fn node(&self) -> Option<u32> {
        self.0.nlas.iter().find_map(|nla| {
            let Nla::Vfs(_) = nla else { return None };
            // `struct unix_diag_vfs` of linux/unix_diag.h: inode, device. The library keeps them to itself.
            let mut value = vec![0; nla.value_len()];
            nla.emit_value(&mut value);
            Some(u32::from_ne_bytes(*value.first_chunk()?))
        })
    }

    /// The socket's own inode.
    #[must_use]
    pub fn inode(&self) -> u64 {
        self.0.header.inode.into()
    }

    /// The inode of the socket that it is connected to, if that has been accepted and not closed.
    #[must_use]
    pub fn peer(&self) -> Option<u64> {
        self.0.peer().map(u64::from)
    }

    /// The kernel's name of this socket, never used again for another.
    #[must_use]
    pub fn cookie(&self) -> u64 {
        u64::from_ne_bytes(self.0.header.cookie)
    }

    /// A listener: connections in the accept queue, and its limit. A connection: bytes received and not read, and memory
    /// of bytes sent that the other end has not read.
    #[must_use]
    pub fn queues(&self) -> Option<(u32, u32)> {
        self.0.nlas.iter().find_map(|nla| match nla {
            Nla::ReceiveQueueLength(received, sent) => Some((*received, *sent)),
            _ => None,
        })
    }
}
