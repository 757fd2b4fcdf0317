//! Finding the server's listeners: the sockets that its processes hold, matched with the kernel's table.
use super::diag::{Family, SockDiag, States};
use super::listener::Listener;
use super::proc_net;
use super::processes;
use rustix::process::Pid;
use std::collections::HashSet;
use std::io;

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
    among(diag, processes::descendants(root), ports)
}

/// The same among these processes.
///
/// # Errors
/// As [`discover`].
#[allow(clippy::implicit_hasher, reason = "nobody brings a hasher of his own")]
pub fn among(diag: Option<&mut SockDiag>, processes: HashSet<Pid>, ports: &[u16]) -> io::Result<Discovery> {
    let mut rows = listening(diag)?;
    rows.retain(|row| ports.is_empty() || ports.contains(&row.address.port()));
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
