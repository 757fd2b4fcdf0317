//! Finding the server's listeners: the sockets that its processes hold, matched with the kernel's table.
use super::diag::{Family, Listening, SockDiag};
use super::listener::Listener;
use super::processes;
use super::{Whose, proc_net, unix};
use procfs::net::TcpState;
use rustix::process::{Pid, getpid};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::net::SocketAddr;

/// What was found.
#[derive(Debug, Default)]
pub struct Discovery {
    /// The server's listeners, in the order of their addresses.
    pub listeners: Vec<Listener>,
    /// The inodes of every listening TCP socket of the network namespace, whoever holds it.
    pub table: HashSet<u64>,
    /// The server's processes.
    pub processes: HashSet<Pid>,
    /// Those whose descriptors may not be read (another user's, or not dumpable): their listeners are found
    /// only by `ports`.
    pub unreadable: Vec<Pid>,
    /// Where others listen at the server's ports: neither it nor we. At its very addresses that is by SO_REUSEPORT.
    pub others: BTreeSet<SocketAddr>,
}

/// Finds the listeners of a server; where `ports` are given, of TCP only those on these ports, and those whoever holds
/// them when descriptors may not be read.
///
/// # Errors
/// When neither sock_diag nor /proc/net/tcp can be read.
pub fn discover(diag: Option<&mut SockDiag>, whose: &Whose, ports: &[u16]) -> io::Result<Discovery> {
    find(diag, whose.processes(), ports, whose.are_other_containers())
}

/// The same among these processes.
///
/// # Errors
/// As [`discover`].
#[allow(clippy::implicit_hasher, reason = "nobody brings a hasher of his own")]
pub fn among(diag: Option<&mut SockDiag>, processes: HashSet<Pid>, ports: &[u16]) -> io::Result<Discovery> {
    find(diag, processes, ports, false)
}

/// Of other containers TCP listeners alone are looked for, and whoever holds them: a unix one has its path in their file system.
fn find(
    mut diag: Option<&mut SockDiag>,
    processes: HashSet<Pid>,
    ports: &[u16],
    of_other_containers: bool,
) -> io::Result<Discovery> {
    let mut rows = listening(diag.as_deref_mut())?;
    let table = rows.iter().map(|row| row.inode).collect();
    rows.retain(|row| ports.is_empty() || row.address.port().is_some_and(|port| ports.contains(&port)));
    if !of_other_containers {
        rows.extend(unix::listeners(diag.as_deref_mut()));
    }
    let wanted: HashSet<u64> = rows.iter().map(|row| row.inode).collect();
    let (mut by_inode, unreadable) = processes::holders(&processes, &wanted);
    // None at all: /proc is not there, or shows us nobody (hidepid).
    let some_are_hidden = of_other_containers || !unreadable.is_empty() || processes.is_empty();
    let by_port = !ports.is_empty() && some_are_hidden;
    for row in &mut rows {
        row.holders = by_inode.remove(&row.inode).unwrap_or_default();
    }
    // Our own are there, too: those of the gate.
    let own = if by_port { processes::holders([&getpid()], &wanted).0 } else { HashMap::new() };
    let by_port = |row: &Listener| by_port && row.address.tcp().is_some() && !own.contains_key(&row.inode);
    let is_rest = |row: &mut Listener| row.holders.is_empty() && !by_port(row);
    let rest: Vec<Listener> = rows.extract_if(.., is_rest).collect();
    rows.sort_by(|one, other| (&one.address, one.inode).cmp(&(&other.address, other.inode)));
    let others = others(diag, getpid(), &rows, rest)?;
    Ok(Discovery { listeners: rows, table, processes, unreadable, others })
}

/// Where somebody but `own` listens at the ports of `listeners`, among the rest, and still does when asked again: a
/// socket may have been closed between the look at the table and the look at its holders.
fn others(
    diag: Option<&mut SockDiag>,
    own: Pid,
    listeners: &[Listener],
    mut others: Vec<Listener>,
) -> io::Result<BTreeSet<SocketAddr>> {
    // A unix name is one socket's, and one whose path is gone does not share it.
    let ports: HashSet<u16> = listeners.iter().filter_map(|listener| listener.address.port()).collect();
    others.retain(|other| other.address.port().is_some_and(|port| ports.contains(&port)));
    if others.is_empty() {
        return Ok(BTreeSet::new());
    }
    let (own, _) = processes::holders([&own], &others.iter().map(|other| other.inode).collect());
    let still = table(diag)?;
    others.retain(|other| still.contains(&other.inode) && !own.contains_key(&other.inode));
    Ok(others.into_iter().filter_map(|other| other.address.tcp()).collect())
}

/// The TCP sockets that listen at these ports, whoever holds them; those that lameduck's own process holds left out, but for
/// `theirs`, by inode.
///
/// # Errors
/// When neither sock_diag nor /proc/net/tcp can be read.
#[allow(clippy::implicit_hasher, reason = "nobody brings a hasher of his own")]
pub fn at(ports: &[u16], theirs: &HashSet<u64>) -> io::Result<Vec<Listening>> {
    let mut rows = by_diag().or_else(|_| by_proc())?;
    rows.retain(|row| ports.contains(&row.address.port()));
    let (own, _) = processes::holders([&getpid()], &rows.iter().map(|row| row.inode).collect());
    rows.retain(|row| theirs.contains(&row.inode) || !own.contains_key(&row.inode));
    Ok(rows)
}

/// The limit of a queue is not told there.
fn by_proc() -> io::Result<Vec<Listening>> {
    let rows = proc_net::entries(|row| row.state == TcpState::Listen)?.into_iter();
    Ok(rows
        .map(|row| Listening {
            address: row.local_address,
            inode: row.inode,
            uid: row.uid,
            v6only: None,
            queue: row.rx_queue,
            limit: 0,
        })
        .collect())
}

fn by_diag() -> io::Result<Vec<Listening>> {
    let mut diag = SockDiag::open()?;
    let mut rows = Vec::new();
    for family in Family::BOTH {
        rows.extend(diag.listening(family, None)?);
    }
    Ok(rows)
}

/// The inodes of every listening TCP socket of the network namespace.
///
/// # Errors
/// As [`discover`].
pub fn table(diag: Option<&mut SockDiag>) -> io::Result<HashSet<u64>> {
    Ok(listening(diag)?.into_iter().map(|row| row.inode).collect())
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
            v6only: row.v6only,
            limit: Some(row.limit),
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
    fn who_else_listens_at_a_port_is_told_and_our_own_sockets_are_no_others() {
        use crate::sockets::listen;
        use rustix::net::sockopt::set_socket_reuseport;
        // Given: a listener of ours, which a child has too.
        let first = listen::at("127.0.0.1:0".parse().unwrap()).unwrap();
        let found = Listener::of(&first).unwrap();
        let rest = || vec![Listener { holders: Vec::new(), ..found.clone() }];
        set_socket_reuseport(&first, true).unwrap();
        let mut diag = SockDiag::open().unwrap();
        // Then: to us it is our own, to our parent it is another's.
        let own =
            others(Some(&mut diag), rustix::process::getpid(), std::slice::from_ref(&found), rest()).unwrap();
        assert_eq!(own, BTreeSet::new());
        let another =
            others(Some(&mut diag), getppid().unwrap(), std::slice::from_ref(&found), rest()).unwrap();
        assert_eq!(another, BTreeSet::from([found.address.tcp().unwrap()]));
    }

    /// This test process is a descendant of its parent: its listener must be found by both sources.
    #[test]
    fn a_listener_is_found_by_sock_diag_and_by_proc() {
        let listener = std::net::TcpListener::bind("[::1]:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut diag = SockDiag::open().unwrap();
        let root = getppid().unwrap();
        let tcp = |diag: Option<&mut SockDiag>, port| {
            let mut found = discover(diag, &Whose::Below(root), &[port]).unwrap().listeners;
            found.retain(|found| found.address.tcp().is_some());
            found
        };
        let by_diag = tcp(Some(&mut diag), address.port());
        let by_proc = tcp(None, address.port());
        let known = |found: &[Listener]| -> Vec<_> {
            let known = |one: &Listener| (one.address.clone(), one.inode, one.uid, one.holders.clone());
            found.iter().map(known).collect()
        };
        assert_eq!(known(&by_diag), known(&by_proc));
        assert_eq!(
            (by_diag[0].v6only, by_proc[0].v6only),
            (Some(true), None),
            "one address is of one family"
        );
        assert_eq!(by_diag.iter().filter_map(|found| found.address.tcp()).collect::<Vec<_>>(), [address]);
        assert_eq!(tcp(Some(&mut diag), 1), []);
    }
}
