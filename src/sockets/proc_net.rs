//! The fallback: /proc/net/tcp and tcp6, where sock_diag is refused. No limit, no TCP_INFO, and a thousand
//! times dearer; in gVisor the accept queue reads 0 whatever is in it, which is found out and not believed.
use super::listener::Listener;
use procfs::net::{TcpNetEntry, TcpState};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// A handshake over loopback takes microseconds; a busy machine is given its time.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(1);

/// Every listening TCP socket of the network namespace, without its holders.
///
/// # Errors
/// When /proc/net/tcp cannot be read.
pub fn listeners() -> io::Result<Vec<Listener>> {
    let rows = entries(|row| row.state == TcpState::Listen)?;
    Ok(rows
        .into_iter()
        .map(|row| Listener {
            address: row.local_address,
            inode: row.inode,
            uid: row.uid,
            v6only: None,
            limit: None,
            holders: Vec::new(),
        })
        .collect())
}

/// The rows of both families for which `wanted` holds.
///
/// # Errors
/// When /proc/net/tcp cannot be read; a kernel without IPv6 has no tcp6, which is no error.
pub fn entries(wanted: impl Fn(&TcpNetEntry) -> bool) -> io::Result<Vec<TcpNetEntry>> {
    let mut rows = procfs::net::tcp().map_err(io::Error::other)?;
    rows.extend(procfs::net::tcp6().unwrap_or_default());
    rows.retain(wanted);
    Ok(rows)
}

/// Whether the accept queue in these files is real: a connection of our own, made and not accepted, must show.
///
/// # Errors
/// When the files cannot be read or loopback cannot be used.
pub fn shows_accept_queue() -> io::Result<bool> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let _queued = TcpStream::connect(address)?;
    // connect() returns before the last segment of the handshake has filled the queue.
    let within = Timespec::try_from(HANDSHAKE_WITHIN).map_err(io::Error::other)?;
    poll(&mut [PollFd::new(&listener, PollFlags::IN)], Some(&within))?;
    let rows = entries(|row| row.state == TcpState::Listen)?;
    Ok(shows_one_queued(rows.iter().map(|row| (row.local_address, row.rx_queue)), address))
}

/// Whether these listeners' addresses and queues show the one connection that is queued at `address`.
fn shows_one_queued(mut rows: impl Iterator<Item = (SocketAddr, u32)>, address: SocketAddr) -> bool {
    rows.any(|row| row == (address, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_shows_the_accept_queue() {
        assert!(shows_accept_queue().unwrap());
    }

    #[test]
    fn a_zero_for_a_queue_known_to_hold_one_is_not_believed() {
        let [known, other]: [SocketAddr; 2] = [([127, 0, 0, 1], 80).into(), ([127, 0, 0, 1], 81).into()];
        let shown = |rows: &[(SocketAddr, u32)]| shows_one_queued(rows.iter().copied(), known);
        assert!(shown(&[(other, 0), (known, 1)]));
        assert!(!shown(&[(known, 0), (other, 1)]), "gVisor");
        assert!(!shown(&[]), "a file without rows");
    }
}
