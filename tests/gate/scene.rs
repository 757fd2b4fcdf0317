//! Listeners as servers make them, and who connects to them.
use lameduck::sockets::gate::Group;
use lameduck::sockets::observer::accept_queue;
use rustix::io::Errno;
use rustix::net::sockopt::{set_ipv6_v6only, set_socket_reuseaddr, set_socket_reuseport};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, listen, socket_with};
use rustix::process::getuid;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Only a hang reaches it.
pub const BOUND: Duration = Duration::from_secs(30);

/// A server's listening sockets of one address, as a server would make them.
pub fn server(address: &str, v6only: bool, members: usize) -> (Vec<Arc<OwnedFd>>, SocketAddr) {
    let mut address: SocketAddr = address.parse().unwrap();
    let sockets = (0..members).map(|_| {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket =
            socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)
                .unwrap();
        set_socket_reuseaddr(&socket, true).unwrap();
        if address.is_ipv6() {
            set_ipv6_v6only(&socket, v6only).unwrap();
        }
        if members > 1 {
            set_socket_reuseport(&socket, true).unwrap();
        }
        bind(&socket, &address).unwrap();
        listen(&socket, 128).unwrap();
        let listener = TcpListener::from(socket);
        address = listener.local_addr().unwrap();
        Arc::new(OwnedFd::from(listener))
    });
    (sockets.collect(), address)
}

/// Where a client of `listener` connects to, over the given family.
pub fn reach(listener: SocketAddr, ip: &str) -> SocketAddr {
    SocketAddr::new(ip.parse().unwrap(), listener.port())
}

pub fn queued(socket: &OwnedFd) -> u32 {
    accept_queue(socket).0.unwrap()
}

pub fn queued_at_all(sockets: &[Arc<OwnedFd>]) -> u32 {
    sockets.iter().map(|socket| queued(socket)).sum()
}

pub fn form(sockets: &[Arc<OwnedFd>], address: SocketAddr) -> Group {
    let mut strays = Vec::new();
    let group = Group::form(sockets.to_vec(), address, getuid().as_raw(), &mut strays).unwrap();
    assert_eq!(strays.len(), 0);
    group
}

pub fn close(group: &Group) {
    let mut strays = Vec::new();
    group.close_gate(&mut strays).unwrap();
    assert_eq!(strays.len(), 0);
}

/// Connects without waiting: the SYN is on its way.
pub fn knock(at: SocketAddr) -> OwnedFd {
    let family = if at.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket =
        socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None).unwrap();
    assert_eq!(connect(&socket, &at), Err(Errno::INPROGRESS));
    socket
}

/// `connect()` returns before the last segment of the handshake has filled the queue.
#[track_caller]
pub fn become_queued(server: &[Arc<OwnedFd>], ours: &OwnedFd, expected: (u32, u32)) {
    let begin = Instant::now();
    loop {
        let seen = (queued_at_all(server), queued(ours));
        if seen == expected {
            return;
        }
        assert!(begin.elapsed() < BOUND, "queued at the server and at ours: {seen:?}, not {expected:?}");
        thread::yield_now();
    }
}

#[track_caller]
pub fn until(mut fact: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !fact() {
        assert!(begin.elapsed() < BOUND, "it never came to be");
        thread::yield_now();
    }
}
