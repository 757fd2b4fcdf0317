//! The fallback: /proc/net/tcp and tcp6, where sock_diag is refused. No limit, no TCP_INFO, and a thousand
//! times dearer; in gVisor the accept queue reads 0 whatever is in it, which is found out and not believed.
use super::discovery::Listener;
use procfs::net::{TcpNetEntry, TcpState};
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};

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
    let rows = entries(|row| row.state == TcpState::Listen && row.local_address == address)?;
    Ok(rows.iter().any(|row| row.rx_queue == 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_shows_the_accept_queue() {
        assert!(shows_accept_queue().unwrap());
    }
}
