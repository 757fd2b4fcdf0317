//! Accept queues and handshakes, to the number.
use super::faults::{in_a_thread, set_tcp_option};
use super::scene::*;
use lameduck::sockets::Observer;
use lameduck::sockets::diag::Endings;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::{set_socket_reuseaddr, set_socket_reuseport};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, listen, socket_with};
use rustix::process::{Uid, geteuid};
use rustix::thread::set_thread_res_uid;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Instant;

fn listening(at: SocketAddr, backlog: i32) -> TcpListener {
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
    set_socket_reuseaddr(&socket, true).unwrap();
    set_socket_reuseport(&socket, true).unwrap();
    bind(&socket, &at).unwrap();
    listen(&socket, backlog).unwrap();
    socket.into()
}

/// Starts to connect and does not wait.
fn knock(at: SocketAddr) -> OwnedFd {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).unwrap();
    assert_eq!(connect(&socket, &at), Err(Errno::INPROGRESS));
    socket
}

#[track_caller]
fn queue_becomes(observer: &mut Observer, expected: (u32, u32)) {
    let (length, limit) = expected;
    let begin = Instant::now();
    loop {
        let seen = observer.queue();
        if seen == (Some(length), Some(limit)) {
            return;
        }
        assert!(begin.elapsed() < BOUND, "seen: {seen:?}, expected: {expected:?}");
    }
}

#[test]
fn the_queue_is_exact_from_empty_to_one_more_than_its_limit_with_and_without_a_duplicate() {
    const LIMIT: u32 = 4;
    let server = listening("127.0.0.1:0".parse().unwrap(), 4);
    let mut held = observer_of([&server], true, AGES);
    let mut seen = observer_of([&server], false, AGES);
    let mut clients = Vec::new();
    for length in 0..=LIMIT + 1 {
        queue_becomes(&mut held, (length, LIMIT));
        queue_becomes(&mut seen, (length, LIMIT));
        clients.push(knock(server.local_addr().unwrap()));
    }
    // The last one's SYN was dropped.
    queue_becomes(&mut held, (LIMIT + 1, LIMIT));
    queue_becomes(&mut seen, (LIMIT + 1, LIMIT));
    drop(server.accept().unwrap());
    assert_eq!(seen.queue().1, Some(LIMIT));
}

#[test]
fn a_group_s_queues_and_limits_are_summed() {
    let first = listening("127.0.0.1:0".parse().unwrap(), 100);
    let address = first.local_addr().unwrap();
    let servers = [first, listening(address, 50), listening(address, 25)];
    let mut held = observer_of(&servers, true, AGES);
    let mut seen = observer_of(&servers, false, AGES);
    let _clients: Vec<_> = (0..20).map(|_| TcpStream::connect(address).unwrap()).collect();
    queue_becomes(&mut held, (20, 175));
    queue_becomes(&mut seen, (20, 175));
    let each: u32 = (0..3).map(|index| seen.queue_of(index).0.unwrap()).sum();
    assert_eq!(each, 20);
    assert_eq!(seen.look().queue, Some(20));
}

#[test]
fn a_listener_that_is_gone_has_no_queue() {
    let mut scene = Scene::new();
    let (client, server) = scene.accepted();
    assert_eq!(scene.observer.queue().0, Some(0));
    let Scene { server: listener, mut observer } = scene;
    drop(listener);
    assert_eq!(observer.queue().0, Some(0));
    comes_to_see(&mut observer, SILENT); // whom it accepted is still there
    drop((client, server));
}

/// With TCP_DEFER_ACCEPT a handshake ends only with the client's first byte (tcp(7)).
#[test]
fn a_handshake_in_progress_is_half_open_and_queued_when_it_completes() {
    let mut scene = Scene::new();
    set_tcp_option(&scene.server, libc::TCP_DEFER_ACCEPT, 30);
    let client = TcpStream::connect(scene.by("127.0.0.1")).unwrap();
    scene.comes_to_see(HALF_OPEN);
    say(&client, b"request");
    scene.comes_to_see(QUEUED);
    let _server = scene.server.accept().unwrap();
    scene.comes_to_see(UNREAD);
}

#[test]
fn once_the_gate_is_closed_only_handshakes_from_before_count() {
    let mut scene = Scene::new();
    set_tcp_option(&scene.server, libc::TCP_DEFER_ACCEPT, 30);
    let before = TcpStream::connect(scene.by("127.0.0.1")).unwrap();
    scene.comes_to_see(HALF_OPEN);
    scene.observer.gate_closed();
    let after = TcpStream::connect(scene.by("127.0.0.1")).unwrap();
    scene.comes_to_see(HALF_OPEN);
    reset(before);
    scene.comes_to_see(NOTHING);
    scene.observer.gate_opened();
    scene.comes_to_see(HALF_OPEN);
    // Closed by the client, it is complete: the server has yet to see that nobody is there.
    drop(after);
    scene.comes_to_see(QUEUED);
}

#[test]
fn the_end_of_the_last_connection_wakes_who_waits_for_it() {
    ends_and_wakes();
}

/// The user nobody, in this thread alone; without privilege already, it stays who it is.
#[test]
fn looks_and_endings_need_no_privilege() {
    in_a_thread(|| {
        if geteuid().is_root() {
            let nobody = Uid::from_raw(65534);
            set_thread_res_uid(nobody, nobody, nobody).unwrap();
        }
        ends_and_wakes();
    });
}

fn ends_and_wakes() {
    let mut scene = Scene::new();
    assert_eq!(scene.observer.source(), "sock_diag");
    let (client, server) = scene.answered();
    scene.comes_to_see(IDLE);
    let endings = Endings::subscribe().unwrap();
    endings.clear();
    drop((client, server));
    let bound = Timespec::try_from(BOUND).unwrap();
    // Other tests' connections end meanwhile: each wake is followed by a look, as in a drain.
    while scene.observer.look() != NOTHING {
        let woken = poll(&mut [PollFd::new(&endings, PollFlags::IN)], Some(&bound)).unwrap();
        assert_eq!(woken, 1, "nobody was woken, and the connection is {:?}", scene.observer.look());
        endings.clear();
    }
}
