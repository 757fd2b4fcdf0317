//! Finding the server's listeners: the sockets that its processes hold, matched with the kernel's table.
use super::diag::{Family, SockDiag};
use super::listener::Listener;
use super::processes;
use super::{proc_net, unix};
use rustix::process::{Pid, getpid};
use std::collections::{BTreeSet, HashSet};
use std::io;
use std::net::SocketAddr;

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
    /// Addresses of the server at which others listen too (SO_REUSEPORT): neither it nor we.
    pub shared: BTreeSet<SocketAddr>,
}

/// Finds the listeners of all descendants of `root`; where `ports` are given, of TCP only those on these ports, and
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
pub fn among(
    mut diag: Option<&mut SockDiag>,
    processes: HashSet<Pid>,
    ports: &[u16],
) -> io::Result<Discovery> {
    let mut rows = listening(diag.as_deref_mut())?;
    rows.retain(|row| ports.is_empty() || row.address.tcp().is_some_and(|tcp| ports.contains(&tcp.port())));
    rows.extend(unix::listeners(diag.as_deref_mut()));
    let wanted = rows.iter().map(|row| row.inode).collect();
    let (mut by_inode, unreadable) = processes::holders(&processes, &wanted);
    // None at all: /proc is not there, or shows us nobody (hidepid).
    let by_port = !ports.is_empty() && (!unreadable.is_empty() || processes.is_empty());
    for row in &mut rows {
        row.holders = by_inode.remove(&row.inode).unwrap_or_default();
    }
    let is_other = |row: &mut Listener| row.holders.is_empty() && !(by_port && row.address.tcp().is_some());
    let others: Vec<Listener> = rows.extract_if(.., is_other).collect();
    rows.sort_by(|one, other| (&one.address, one.inode).cmp(&(&other.address, other.inode)));
    let shared = shared(diag, getpid(), &rows, others)?;
    Ok(Discovery { listeners: rows, processes, unreadable, shared })
}

/// The addresses of `listeners` at which somebody but `own` listens among `others`, and still does when asked again: a
/// socket may have been closed between the look at the table and the look at its holders.
fn shared(
    diag: Option<&mut SockDiag>,
    own: Pid,
    listeners: &[Listener],
    mut others: Vec<Listener>,
) -> io::Result<BTreeSet<SocketAddr>> {
    // A unix name is one socket's, and one whose path is gone does not share it.
    let addresses: HashSet<SocketAddr> = listeners.iter().filter_map(|found| found.address.tcp()).collect();
    others.retain(|other| other.address.tcp().is_some_and(|tcp| addresses.contains(&tcp)));
    if others.is_empty() {
        return Ok(BTreeSet::new());
    }
    let (own, _) = processes::holders([&own], &others.iter().map(|other| other.inode).collect());
    let still: HashSet<u64> = listening(diag)?.into_iter().map(|row| row.inode).collect();
    others.retain(|other| still.contains(&other.inode) && !own.contains_key(&other.inode));
    Ok(others.into_iter().filter_map(|other| other.address.tcp()).collect())
}

/// Whether anybody listens at one of these addresses with another socket than these.
///
/// # Errors
/// As [`discover`].
#[allow(clippy::implicit_hasher, reason = "nobody brings a hasher of his own")]
pub fn is_joined(
    diag: Option<&mut SockDiag>,
    addresses: &[SocketAddr],
    known: &HashSet<u64>,
) -> io::Result<bool> {
    let is_here = |row: &Listener| row.address.tcp().is_some_and(|tcp| addresses.contains(&tcp));
    Ok(listening(diag)?.iter().any(|row| is_here(row) && !known.contains(&row.inode)))
}

/// Every listening TCP socket of the network namespace, without its holders.
fn listening(diag: Option<&mut SockDiag>) -> io::Result<Vec<Listener>> {
    let Some(diag) = diag else { return proc_net::listeners() };
    let mut rows = Vec::new();
    for family in Family::BOTH {
        let found = diag.listening(family, None)?.into_iter();
        rows.extend(found.map(|row| Listener {
            address: row.address.into(),
            inode: row.inode,
            uid: row.uid,
            holders: Vec::new(),
        }));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::getppid;

    #[test]
    fn an_address_at_which_others_listen_too_is_shared_and_our_own_sockets_are_no_others() {
        use crate::sockets::listen;
        use rustix::net::sockopt::set_socket_reuseport;
        // Given: a listener of ours, which a child has too.
        let first = listen::at("127.0.0.1:0".parse().unwrap()).unwrap();
        let found = Listener::of(&first).unwrap();
        let others = || vec![Listener { holders: Vec::new(), ..found.clone() }];
        let known = HashSet::from([found.inode]);
        set_socket_reuseport(&first, true).unwrap();
        let mut diag = SockDiag::open().unwrap();
        let at = [found.address.tcp().unwrap()];
        // Then: to us it is our own, to our parent it is another's.
        let own = shared(Some(&mut diag), rustix::process::getpid(), std::slice::from_ref(&found), others())
            .unwrap();
        assert_eq!(own, BTreeSet::new());
        let another =
            shared(Some(&mut diag), getppid().unwrap(), std::slice::from_ref(&found), others()).unwrap();
        assert_eq!(another, BTreeSet::from(at));
        assert!(!is_joined(Some(&mut diag), &at, &known).unwrap());
        // When: somebody joins.
        let _second = crate::sockets::gate::Group::form(
            vec![std::sync::Arc::new(first)],
            at[0],
            found.uid,
            &mut Vec::new(),
        )
        .unwrap();
        assert!(is_joined(Some(&mut diag), &at, &known).unwrap());
    }

    /// This test process is a descendant of its parent: its listener must be found by both sources.
    #[test]
    fn a_listener_is_found_by_sock_diag_and_by_proc() {
        let listener = std::net::TcpListener::bind("[::1]:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut diag = SockDiag::open().unwrap();
        let root = getppid().unwrap();
        let tcp = |diag: Option<&mut SockDiag>, port| {
            let mut found = discover(diag, root, &[port]).unwrap().listeners;
            found.retain(|found| found.address.tcp().is_some());
            found
        };
        let by_diag = tcp(Some(&mut diag), address.port());
        assert_eq!(by_diag, tcp(None, address.port()));
        assert_eq!(by_diag.iter().filter_map(|found| found.address.tcp()).collect::<Vec<_>>(), [address]);
        assert_eq!(tcp(Some(&mut diag), 1), []);
    }
}
