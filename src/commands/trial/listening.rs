//! What a process and those below it listen on, by the socket inodes in /proc (proc(5), net/tcp).
//!
//! Go listens with MPTCP since 1.24, and such a listener's row has another inode than its descriptor: it is
//! not found here.
use super::processes;
use procfs::net::{TcpNetEntry, TcpState, tcp, tcp6};
use procfs::process::{FDTarget, Process};
use std::io;
use std::net::SocketAddr;

/// Whether the process that was started may be the server, or only those below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Itself and those below.
    Itself,
    /// Only below: it is a supervisor with sockets of its own.
    Below,
}

/// The TCP addresses listened on by the process `root` and those below it: parents first, then in the order
/// of the descriptors. Processes that may not be looked into are left out.
///
/// # Errors
/// When /proc cannot be read.
pub fn addresses(root: i32, look: Look) -> io::Result<Vec<SocketAddr>> {
    // Without IPv6 there is no tcp6.
    let rows = [tcp().map_err(io::Error::other)?, tcp6().unwrap_or_default()].concat();
    let listening: Vec<TcpNetEntry> = rows.into_iter().filter(|row| row.state == TcpState::Listen).collect();

    let itself = (look == Look::Itself).then_some(root);
    let mut found = Vec::new();
    for pid in itself.into_iter().chain(processes::below(root)?.into_iter().map(|stat| stat.pid)) {
        let Ok(descriptors) = Process::new(pid).and_then(|process| process.fd()) else { continue };
        let mut sockets: Vec<(i32, u64)> = descriptors
            .flatten()
            .filter_map(|descriptor| match descriptor.target {
                FDTarget::Socket(inode) => Some((descriptor.fd, inode)),
                _ => None,
            })
            .collect();
        sockets.sort_unstable();
        for (_, inode) in sockets {
            let address = listening.iter().find(|row| row.inode == inode).map(|row| row.local_address);
            found.extend(address.filter(|address| !found.contains(address)));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn given_listeners_of_this_process_then_they_are_found_in_order() {
        let listeners = ["127.0.0.1:0", "127.0.0.1:0"].map(|address| TcpListener::bind(address).unwrap());
        let bound = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
        let root = i32::try_from(std::process::id()).unwrap();

        let mut found = addresses(root, Look::Itself).unwrap();
        found.retain(|address| bound.contains(address));
        assert_eq!(found, bound);

        let below = addresses(root, Look::Below).unwrap();
        assert!(!below.iter().any(|address| bound.contains(address)), "{below:?}");
    }
}
