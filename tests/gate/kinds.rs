//! The gate's life on every kind of listener.
use super::scene::{BOUND, become_queued, close, form, knock, queued, queued_at_all, reach, server, until};
use lameduck::sockets::gate::Group;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::{socket_error, socket_reuseport};
use rustix::net::{
    AddressFamily, Shutdown, SocketFlags, SocketType, accept_with, bind, listen, shutdown, socket_with,
};
use rustix::process::getuid;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A listener: its address, `IPV6_V6ONLY`, how many share it; and the addresses by which clients reach it.
pub type Kind = (&'static str, bool, usize, &'static [&'static str]);

/// Every kind of listener, and the addresses by which clients reach it.
const KINDS: [Kind; 8] = [
    ("127.0.0.1:0", false, 1, &["127.0.0.1"]),
    ("0.0.0.0:0", false, 1, &["127.0.0.1"]),
    ("[::1]:0", true, 1, &["::1"]),
    ("[::]:0", true, 1, &["::1"]),
    ("[::]:0", false, 1, &["::1", "127.0.0.1"]),
    ("127.0.0.1:0", false, 3, &["127.0.0.1"]),
    // As gRPC's C core listens where it is told 127.0.0.1.
    ("[::ffff:127.0.0.1]:0", false, 1, &["127.0.0.1"]),
    ("[::]:0", false, 4, &["::1", "127.0.0.1"]),
];

/// So many plugs are set while clients keep coming, each of which waits so long to be let in.
const PLUGS: usize = 100;
const PATIENCE: Duration = Duration::from_millis(10);

/// All at once: most of the time is the wait for retransmissions.
pub fn for_each_kind(test: impl Fn(Kind) + Sync) {
    thread::scope(|scope| {
        for kind in KINDS {
            let test = &test;
            scope.spawn(move || test(kind));
        }
    });
}

pub fn a_formed_group_sends_everyone_to_the_server_and_a_closed_gate_to_ours() {
    for_each_kind(|(address, v6only, members, ways)| {
        let (sockets, address) = server(address, v6only, members);
        let group = form(&sockets, address);
        let mut clients = Vec::new();
        for way in ways.iter().cycle().take(64) {
            clients.push(TcpStream::connect(reach(address, way)).unwrap());
        }
        become_queued(&sockets, group.ours(), (64, 0));
        if members > 1 {
            assert!(sockets.iter().all(|socket| queued(socket) > 0), "all members of {address} get some");
        }
        close(&group);
        for way in ways.iter().cycle().take(64) {
            clients.push(TcpStream::connect(reach(address, way)).unwrap());
        }
        become_queued(&sockets, group.ours(), (64, 64));
    });
}

pub fn an_undone_group_leaves_the_server_as_it_was() {
    for_each_kind(|(address, v6only, members, ways)| {
        let (sockets, address) = server(address, v6only, members);
        let group = form(&sockets, address);
        close(&group);
        let late = TcpStream::connect(reach(address, ways[0])).unwrap();
        become_queued(&sockets, group.ours(), (0, 1));
        assert_eq!(group.undo().len(), 1, "the late arrival is handed over");
        drop(late);
        let _clients: Vec<_> =
            (0..20).map(|n| TcpStream::connect(reach(address, ways[n % ways.len()])).unwrap()).collect();
        until(|| queued_at_all(&sockets) == 20);
        assert_eq!(socket_reuseport(&sockets[0]).unwrap(), members > 1);
    });
}

pub fn a_plug_lets_nobody_in_and_those_who_knocked_are_refused_when_all_is_closed() {
    plugged_after(|_| ());
}

/// As Twisted and gRPC's C core do. They leave the group, whoever holds duplicates of them.
pub fn a_plug_lets_nobody_in_when_the_server_has_shut_its_listeners_down() {
    plugged_after(|sockets| sockets.iter().for_each(|socket| shutdown(socket, Shutdown::Both).unwrap()));
}

/// Ours then has the number that the server's had, and the first plug the one that ours had: to which the gate led.
pub fn a_plug_is_set_though_clients_keep_coming_and_the_server_has_shut_its_listener_down() {
    let over = AtomicBool::new(false);
    let target = Mutex::new(None::<SocketAddr>);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let target = *target.lock().unwrap();
                    // It is enough that they come: a plug, or the end, lets them in no more.
                    let _ = target.map(|target| TcpStream::connect_timeout(&target, PATIENCE));
                }
            });
        }
        let plugged = (0..PLUGS).try_for_each(|_| {
            let (sockets, address) = server("127.0.0.1:0", false, 1);
            let group = form(&sockets, address);
            close(&group);
            *target.lock().unwrap() = Some(address);
            shutdown(&sockets[0], Shutdown::Both).unwrap();
            group.plug(0).map(drop)
        });
        over.store(true, Ordering::Relaxed);
        plugged.unwrap();
    });
}

fn plugged_after(stop: impl Fn(&[Arc<OwnedFd>]) + Sync) {
    for_each_kind(|(address, v6only, members, ways)| {
        let (sockets, address) = server(address, v6only, members);
        let group = form(&sockets, address);
        close(&group);
        let late = TcpStream::connect(reach(address, ways[0])).unwrap();
        become_queued(&sockets, group.ours(), (0, 1));
        stop(&sockets);
        let plug = group.plug(0).unwrap();
        let knocking: Vec<OwnedFd> = ways.iter().map(|way| knock(reach(address, way))).collect();
        become_queued(&sockets, group.ours(), (0, 1)); // only who came before the plug
        let accepted = accept_with(&**group.ours(), SocketFlags::CLOEXEC).unwrap();
        drop((sockets, group)); // every member but the plugs leaves, while SYNs are tried again
        let still: Vec<OwnedFd> = ways.iter().map(|way| knock(reach(address, way))).collect();
        assert!(plug.has_dropped());
        drop(plug);
        for socket in knocking.into_iter().chain(still) {
            let bound = Timespec::try_from(BOUND).unwrap();
            assert_eq!(poll(&mut [PollFd::new(&socket, PollFlags::OUT)], Some(&bound)), Ok(1));
            assert_eq!(socket_error(&socket).unwrap(), Err(Errno::CONNREFUSED));
        }
        drop(accepted);
        let mut rest = Vec::new();
        assert_eq!((&late).read_to_end(&mut rest).unwrap(), 0, "the late arrival was not reset");
    });
}

pub fn a_listener_without_so_reuseaddr_and_with_connections_cannot_be_gated_and_is_left_alone() {
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
    until(|| queued(&socket) == 1);
}
