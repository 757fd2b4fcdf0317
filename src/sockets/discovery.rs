//! Finding the server's listeners: the sockets that its processes hold, matched with the kernel's table.
use super::diag::{Family, SockDiag, States};
use super::proc_net;
use super::processes::{self, Holder};
use rustix::fs::fstat;
use rustix::net::getsockname;
use rustix::process::Pid;
use std::collections::HashSet;
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
        Ok(Self { address, inode: stat.st_ino, uid: stat.st_uid, holders: Vec::new() })
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Discovery {
    /// The server's listeners, in the order of their addresses.
    pub listeners: Vec<Listener>,
    /// The server's processes.
    pub processes: HashSet<Pid>,
    /// Those whose descriptors may not be read (another user's, or not dumpable): their listeners are found
    /// only by `ports`.
    pub unreadable: Vec<Pid>,
}

/// Finds the listeners of all descendants of `root`; where `ports` are given, only those on these ports, and
/// those whoever holds them when descriptors may not be read.
///
/// # Errors
/// When neither sock_diag nor /proc/net/tcp can be read.
pub fn discover(diag: Option<&mut SockDiag>, root: Pid, ports: &[u16]) -> io::Result<Discovery> {
    let mut rows = listening(diag)?;
    rows.retain(|row| ports.is_empty() || ports.contains(&row.address.port()));
    let processes = processes::descendants(root);
    let (mut by_inode, unreadable) = processes::sockets(&processes);
    let by_port = !ports.is_empty() && !unreadable.is_empty();
    for row in &mut rows {
        row.holders = by_inode.remove(&row.inode).unwrap_or_default();
    }
    rows.retain(|row| by_port || !row.holders.is_empty());
    rows.sort_by_key(|row| (row.address, row.inode));
    Ok(Discovery { listeners: rows, processes, unreadable })
}

/// Every listening TCP socket of the network namespace, without its holders.
fn listening(diag: Option<&mut SockDiag>) -> io::Result<Vec<Listener>> {
    let Some(diag) = diag else { return proc_net::listeners() };
    let mut rows = Vec::new();
    for family in Family::BOTH {
        diag.dump(family, States::Listening, None, |row| {
            rows.push(Listener {
                address: row.local(),
                inode: row.inode(),
                uid: row.uid(),
                holders: Vec::new(),
            });
        })?;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::getppid;

    /// This test process is a descendant of its parent: its listener must be found by both sources.
    #[test]
    fn a_listener_is_found_by_sock_diag_and_by_proc() {
        let listener = std::net::TcpListener::bind("[::1]:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut diag = SockDiag::open().unwrap();
        let root = getppid().unwrap();
        let by_diag = discover(Some(&mut diag), root, &[address.port()]).unwrap();
        let by_proc = discover(None, root, &[address.port()]).unwrap();
        assert_eq!(by_diag.listeners, by_proc.listeners);
        assert_eq!(by_diag.listeners.iter().map(|found| found.address).collect::<Vec<_>>(), [address]);
        assert_eq!(discover(Some(&mut diag), root, &[1]).unwrap().listeners, []);
    }
}
