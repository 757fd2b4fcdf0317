//! What the server's connections say of themselves where sock_diag does not: TCP_INFO, on a duplicate that is held for an
//! instant (pidfd_getfd(2)).
use crate::sockets::Whose;
use crate::sockets::diag::{Row, States};
use crate::sockets::owners::Owners;
use crate::sockets::sys;
use crate::sockets::tcp_info::{TCP_INFO_MAX, TcpInfo};
use procfs::net::TcpNetEntry;
use rustix::io::ioctl_fionread;
use rustix::net::sockopt::socket_cookie;
use rustix::process::getpid;
use std::io;
use std::os::fd::OwnedFd;

/// Who has a connection.
pub(super) enum Held {
    /// The server: as sock_diag would show it.
    ByServer(Row<'static>),
    /// The server, as far as can be told, and more is not permitted.
    Unknown,
    /// Lameduck itself, which answers a late arrival on it; or nobody any more. Or the server has said its last word.
    Otherwise,
}

/// The sockets of the server's processes, and ours.
pub(super) struct Holders {
    server: Owners,
    ours: Owners,
}

impl Holders {
    /// Finds them.
    pub fn find(whose: &Whose) -> Self {
        let (mut server, mut ours) = (Owners::default(), Owners::default());
        server.find(&whose.processes());
        ours.find(&[getpid()]);
        Self { server, ours }
    }

    /// Who has the connection of this row.
    pub fn of(&mut self, row: &TcpNetEntry) -> Held {
        let asked = self.server.duplicate(row.inode).and_then(|duplicate| ask(&duplicate, row));
        match asked {
            Ok(row) if States::Connections.have(row.state()) => Held::ByServer(row),
            Ok(_) => Held::Otherwise,
            // The server's come first: what is at rest is held by both across the forward.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.is_not_the_servers(row.inode) => {
                Held::Otherwise
            }
            Err(_) => Held::Unknown,
        }
    }

    fn is_not_the_servers(&self, inode: u64) -> bool {
        self.ours.holds(inode) || !(self.server.some_are_hidden() || self.server.may_hold(inode))
    }
}

/// The row of a connection as it is now.
fn ask(connection: &OwnedFd, row: &TcpNetEntry) -> io::Result<Row<'static>> {
    let mut buffer = [0; TCP_INFO_MAX];
    let cookie = socket_cookie(connection)?;
    let unread = u32::try_from(ioctl_fionread(connection)?).unwrap_or(u32::MAX);
    let info = sys::tcp_info(connection, &mut buffer)?;
    let state = TcpInfo(info).state().ok_or(io::ErrorKind::InvalidData)?;
    Ok(Row::held(row, state, unread, cookie, info))
}
