//! A listener that is looked at, and which connections are its own.
use super::connections::TCP_SYN_RECV;
use super::diag::{Family, Row, SockDiag, States};
use super::listener::Listener;
use super::sys;
use super::tcp_info::{TCP_INFO_MAX, TcpInfo};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// A listener of the server, and our duplicate of it where we could get one.
#[derive(Debug, Clone)]
pub struct Watched {
    /// What was found.
    pub listener: Listener,
    /// The same socket, held by us.
    pub duplicate: Option<Arc<OwnedFd>>,
}

impl Watched {
    /// Whether a connection with this local address belongs to it.
    #[must_use]
    pub fn has(&self, local: SocketAddr) -> bool {
        self.listener.address.tcp().is_some_and(|address| is_at(address, local))
    }
}

/// The accept queue's length and limit of a TCP listener that we hold, in about 1 µs.
#[must_use]
pub fn accept_queue(listener: &OwnedFd) -> (Option<u32>, Option<u32>) {
    let mut buffer = [0; TCP_INFO_MAX];
    match sys::tcp_info(listener, &mut buffer) {
        Ok(bytes) => (TcpInfo(bytes).accept_queue(), TcpInfo(bytes).accept_queue_limit()),
        Err(_) => (None, None),
    }
}

/// Calls `each` with every TCP connection of these listeners, from its handshake on, and whether it is a late arrival;
/// `false`: some may have been missed and some shown twice.
///
/// # Errors
/// As [`SockDiag::walk`].
pub fn connections(
    diag: &mut SockDiag,
    watched: &[Watched],
    mut each: impl FnMut(bool, &Row),
) -> io::Result<bool> {
    let mut whole = true;
    let mut by_port: BTreeMap<u16, Vec<SocketAddr>> = BTreeMap::new();
    for address in watched.iter().filter_map(|watched| watched.listener.address.tcp()) {
        by_port.entry(address.port()).or_default().push(address);
    }
    for (port, addresses) in by_port {
        for family in Family::BOTH {
            let has = addresses.iter().any(|address| Family::of(*address) == family);
            // A dual-stack socket's IPv4 handshakes are rows of AF_INET until they are complete.
            if !has && family == Family::V6 {
                continue;
            }
            whole &= diag.walk(family, States::Connections, Some(port), |row| {
                let here = addresses.iter().any(|address| is_at(*address, row.local()));
                if here && (has || row.state() == TCP_SYN_RECV) {
                    each(row.multicast_loop() == Some(false), row);
                }
            })?;
        }
    }
    Ok(whole)
}

fn is_at(listener: SocketAddr, local: SocketAddr) -> bool {
    let same = |ip: IpAddr| ip.to_canonical() == listener.ip().to_canonical();
    local.port() == listener.port() && (listener.ip().is_unspecified() || same(local.ip()))
}
