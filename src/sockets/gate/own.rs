//! A connection of our own: tries the way that a program lays out, and fills a plug.
use crate::sockets::diag::{Family, SockDiag};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::sockopt::{set_socket_linger, socket_error};
use rustix::net::{
    AddressFamily, SocketAddrAny, SocketFlags, SocketType, accept_with, bind, connect, getpeername,
    getsockname, socket_with,
};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

/// A handshake over loopback takes microseconds; a busy machine is given its time, a broken one is not waited for.
pub(super) const WITHIN: Duration = Duration::from_secs(1);

/// A socket that is bound, so that programs can know it by its source, and not connected yet.
#[derive(Debug)]
pub struct OwnConnection {
    socket: OwnedFd,
    source: SocketAddr,
    to: SocketAddr,
}

impl OwnConnection {
    /// Prepares a connection to the listener at `address`; over loopback when that is a wildcard.
    ///
    /// # Errors
    /// When no socket can be had, or loopback is not configured; EADDRINUSE: others listen at its only address.
    pub fn prepare(address: SocketAddr, v6only: bool) -> io::Result<Self> {
        let over_v4 = || Self::prepare_over(SocketAddr::new(loopback_v4(address.port()), address.port()));
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => over_v4(),
            IpAddr::V6(ip) if ip.is_unspecified() => {
                Self::over_v6(address.port()).or_else(|error| if v6only { Err(error) } else { over_v4() })
            }
            // Whoever comes to a mapped address comes over IPv4.
            _ => Self::prepare_over(canonical(address)),
        }
    }

    /// Prepares one for each family by which clients reach the listener: a dual-stack wildcard is reached by both, as far
    /// as loopback has both.
    ///
    /// # Errors
    /// As [`Self::prepare`].
    pub fn prepare_all(address: SocketAddr, v6only: bool) -> io::Result<Vec<Self>> {
        let first = Self::prepare(address, v6only)?;
        let dual_stack = address.is_ipv6() && address.ip().is_unspecified() && !v6only;
        let port = address.port();
        let over_v4 = (dual_stack && first.to.is_ipv6())
            .then(|| Self::prepare_over(SocketAddr::new(loopback_v4(port), port)).ok());
        Ok([first].into_iter().chain(over_v4.flatten()).collect())
    }

    fn over_v6(port: u16) -> io::Result<Self> {
        let only = SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port);
        if listening_at(port, Family::V6).contains(&only.ip()) {
            return Err(Errno::ADDRINUSE.into());
        }
        Self::prepare_over(only)
    }

    fn prepare_over(to: SocketAddr) -> io::Result<Self> {
        let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket =
            socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
        // Closing it leaves no TIME_WAIT behind.
        set_socket_linger(&socket, Some(Duration::ZERO))?;
        let mut source = to;
        source.set_port(0);
        bind(&socket, &source)?;
        let source = ip_address(getsockname(&socket)?)?;
        Ok(Self { socket, source, to })
    }

    /// The address and port it comes from.
    #[must_use]
    pub fn source(&self) -> SocketAddr {
        self.source
    }

    /// The address and port it goes to; it comes from the same address.
    #[must_use]
    pub fn to(&self) -> SocketAddr {
        self.to
    }

    /// Connects, and waits until the handshake is complete.
    ///
    /// # Errors
    /// The handshake's error; `TimedOut` when nothing answers.
    pub fn connect(&self) -> io::Result<()> {
        match connect(&self.socket, &self.to) {
            Err(Errno::INPROGRESS) => {
                wait(&self.socket, PollFlags::OUT, WITHIN)?;
                Ok(socket_error(&self.socket)??)
            }
            other => Ok(other?),
        }
    }

    /// Accepts from `listener`, which must not block, until this connection comes out; says whether it did.
    /// Whoever else comes out before it is put into `others`.
    ///
    /// # Errors
    /// When accepting fails.
    pub fn arrives_at(&self, listener: &OwnedFd, others: &mut Vec<OwnedFd>) -> io::Result<bool> {
        let until = Instant::now() + WITHIN;
        loop {
            match accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
                Ok(accepted) => match getpeername(&accepted)?.map(ip_address) {
                    Some(Ok(peer)) if canonical(peer) == self.source => return Ok(true),
                    _ => others.push(accepted),
                },
                Err(Errno::AGAIN) => match wait(listener, PollFlags::IN, until - Instant::now().min(until)) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(false),
                    Err(error) => return Err(error),
                },
                Err(Errno::CONNABORTED | Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// An address of 127.0.0.0/8 by which a wildcard is reached: at 127.0.0.1 somebody else may listen (SO_REUSEPORT), and
/// would get what is meant for the wildcard.
fn loopback_v4(port: u16) -> IpAddr {
    let taken = listening_at(port, Family::V4);
    let mut all = (1..=u8::MAX).map(|last| IpAddr::from([127, 0, 0, last]));
    all.find(|one| !taken.contains(one)).unwrap_or(Ipv4Addr::LOCALHOST.into())
}

/// The addresses at which somebody listens on this port. Where that is not told: none.
fn listening_at(port: u16, family: Family) -> Vec<IpAddr> {
    let rows = SockDiag::open().and_then(|mut diag| diag.listening(family, Some(port)));
    rows.unwrap_or_default().into_iter().map(|row| row.address.ip()).collect()
}

/// Whether a connection comes into the queue of `listener`. It may be on its way still when [`OwnConnection::connect`] has
/// returned: the last segment of the handshake comes after the one that ends the connect.
pub(super) fn becomes_queued(listener: &OwnedFd, within: Duration) -> bool {
    wait(listener, PollFlags::IN, within).is_ok()
}

fn wait(socket: impl AsFd, for_what: PollFlags, within: Duration) -> io::Result<()> {
    let within = Timespec::try_from(within).map_err(io::Error::other)?;
    match retry_on_intr(|| poll(&mut [PollFd::new(&socket, for_what)], Some(&within)))? {
        0 => Err(io::ErrorKind::TimedOut.into()),
        _ => Ok(()),
    }
}

fn ip_address(address: SocketAddrAny) -> io::Result<SocketAddr> {
    Ok(SocketAddr::try_from(address)?)
}

/// A dual-stack socket sees IPv4 peers as mapped addresses.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::listen;
    use std::net::TcpListener;
    use std::thread;

    #[test]
    fn who_comes_into_the_queue_a_moment_later_is_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = OwnConnection::prepare(listener.local_addr().unwrap(), false).unwrap();
        let listener = OwnedFd::from(listener);
        listen(&listener, 0).unwrap();
        assert!(!becomes_queued(&listener, Duration::ZERO));
        thread::scope(|scope| {
            let connecting = scope.spawn(|| own.connect());
            assert!(becomes_queued(&listener, Duration::from_mins(1)));
            connecting.join().unwrap().unwrap();
        });
    }
}
