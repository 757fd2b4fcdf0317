//! The gate on real kernel sockets: formed, closed, undone and plugged, on every kind of TCP listener.
use lameduck::sockets::gate::Group;
use lameduck::sockets::observer::accept_queue;
use rustix::fs::fstat;
use rustix::io::Errno;
use rustix::net::sockopt::{set_ipv6_v6only, set_socket_reuseaddr, set_socket_reuseport, socket_reuseport};
use rustix::net::{AddressFamily, SocketFlags, SocketType, accept_with, bind, connect, listen, socket_with};
use rustix::process::getuid;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

/// A server's listening sockets of one address, as a server would make them.
fn server(address: &str, v6only: bool, members: usize) -> (Vec<Arc<OwnedFd>>, SocketAddr) {
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
fn reach(listener: SocketAddr, ip: &str) -> SocketAddr {
    SocketAddr::new(ip.parse().unwrap(), listener.port())
}

fn queued(socket: &OwnedFd) -> u32 {
    accept_queue(socket).0.unwrap()
}

fn queued_at_all(sockets: &[Arc<OwnedFd>]) -> u32 {
    sockets.iter().map(|socket| queued(socket)).sum()
}

fn form(sockets: &[Arc<OwnedFd>], address: SocketAddr) -> Group {
    let mut strays = Vec::new();
    let group = Group::form(sockets.to_vec(), address, getuid().as_raw(), &mut strays).unwrap();
    assert_eq!(strays.len(), 0);
    group
}

fn close(group: &Group) {
    let mut strays = Vec::new();
    group.close_gate(&mut strays).unwrap();
    assert_eq!(strays.len(), 0);
}

/// Every kind of listener, and the addresses by which clients reach it.
const KINDS: [(&str, bool, usize, &[&str]); 7] = [
    ("127.0.0.1:0", false, 1, &["127.0.0.1"]),
    ("0.0.0.0:0", false, 1, &["127.0.0.1"]),
    ("[::1]:0", true, 1, &["::1"]),
    ("[::]:0", true, 1, &["::1"]),
    ("[::]:0", false, 1, &["::1", "127.0.0.1"]),
    ("127.0.0.1:0", false, 3, &["127.0.0.1"]),
    ("[::]:0", false, 4, &["::1", "127.0.0.1"]),
];

#[test]
fn a_formed_group_sends_everyone_to_the_server_and_a_closed_gate_to_ours() {
    for (address, v6only, members, ways) in KINDS {
        let (sockets, address) = server(address, v6only, members);
        let group = form(&sockets, address);
        let mut clients = Vec::new();
        for way in ways.iter().cycle().take(64) {
            clients.push(TcpStream::connect(reach(address, way)).unwrap());
        }
        assert_eq!((queued_at_all(&sockets), queued(group.ours())), (64, 0), "formed: {address}, {members}");
        if members > 1 {
            assert!(sockets.iter().all(|socket| queued(socket) > 0), "all members of {address} get some");
        }
        close(&group);
        for way in ways.iter().cycle().take(64) {
            clients.push(TcpStream::connect(reach(address, way)).unwrap());
        }
        assert_eq!((queued_at_all(&sockets), queued(group.ours())), (64, 64), "closed: {address}, {members}");
    }
}

#[test]
fn an_undone_group_leaves_the_server_as_it_was() {
    for (address, v6only, members, ways) in KINDS {
        let (sockets, address) = server(address, v6only, members);
        let group = form(&sockets, address);
        close(&group);
        let late = TcpStream::connect(reach(address, ways[0])).unwrap();
        assert_eq!(group.undo().len(), 1, "the late arrival is handed over");
        drop(late);
        let _clients: Vec<_> =
            (0..20).map(|n| TcpStream::connect(reach(address, ways[n % ways.len()])).unwrap()).collect();
        assert_eq!(queued_at_all(&sockets), 20);
        assert_eq!(socket_reuseport(&sockets[0]).unwrap(), members > 1);
    }
}

/// Connects without waiting: the SYN is on its way.
fn knock(at: SocketAddr) -> OwnedFd {
    let family = if at.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket =
        socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None).unwrap();
    assert_eq!(connect(&socket, &at), Err(Errno::INPROGRESS));
    socket
}

#[test]
fn a_plug_lets_nobody_in_and_those_who_knocked_are_refused_when_all_is_closed() {
    for (address, v6only, members, ways) in KINDS {
        let (sockets, address) = server(address, v6only, members);
        let group = form(&sockets, address);
        close(&group);
        let late = TcpStream::connect(reach(address, ways[0])).unwrap();
        let plug = group.plug().unwrap();
        let knocking: Vec<OwnedFd> = ways.iter().map(|way| knock(reach(address, way))).collect();
        assert_eq!(queued(group.ours()), 1, "only who came before the plug: {address}");
        assert_eq!(queued_at_all(&sockets), 0);
        let accepted = accept_with(&**group.ours(), SocketFlags::CLOEXEC).unwrap();
        drop((sockets, group)); // every member but the plugs leaves, while SYNs are tried again
        let still: Vec<OwnedFd> = ways.iter().map(|way| knock(reach(address, way))).collect();
        assert!(plug.has_dropped());
        drop(plug);
        for socket in knocking.into_iter().chain(still) {
            let outcome = rustix::event::poll(
                &mut [rustix::event::PollFd::new(&socket, rustix::event::PollFlags::OUT)],
                Some(&rustix::event::Timespec::try_from(Duration::from_secs(30)).unwrap()),
            );
            assert_eq!(outcome, Ok(1));
            assert_eq!(rustix::net::sockopt::socket_error(&socket).unwrap(), Err(Errno::CONNREFUSED));
        }
        drop(accepted);
        let mut rest = Vec::new();
        assert_eq!((&late).read_to_end(&mut rest).unwrap(), 0, "the late arrival was not reset");
    }
}

#[test]
fn a_listener_without_so_reuseaddr_and_with_connections_cannot_be_gated_and_is_left_alone() {
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
    bind(&socket, &"127.0.0.1:0".parse::<SocketAddr>().unwrap()).unwrap();
    listen(&socket, 16).unwrap();
    let listener = TcpListener::from(socket);
    let address = listener.local_addr().unwrap();
    let _client = TcpStream::connect(address).unwrap();
    let socket = Arc::new(OwnedFd::from(listener));
    let error =
        Group::form(vec![Arc::clone(&socket)], address, getuid().as_raw(), &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("cannot bind a second socket to 127.0.0.1"), "{error}");
    assert!(!socket_reuseport(&socket).unwrap());
    assert_eq!(queued(&socket), 1);
    fstat(&socket).unwrap();
}
