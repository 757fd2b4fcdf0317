//! The stories of a connection where sock_diag is refused: its own TCP_INFO tells them, on a duplicate, beside
//! /proc/net/tcp.
use super::faults::{refusing, set_tcp_option};
use super::scene::*;
use lameduck::sockets::{Called, Listener, Look, Watched, Whose};
use rustix::process::{Pid, getppid};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::sync::Arc;

/// Of a server that is not known there are no duplicates.
const UNKNOWN: Look = Look { in_flight: None, silent: None, idle: None, ..NOTHING };

fn without_sock_diag(story: impl FnOnce() + Send) {
    refusing(libc::SYS_socket, &[(0, libc::AF_NETLINK), (2, libc::NETLINK_SOCK_DIAG)], libc::ENOENT, story);
}

/// As [`Scene::of`]; the observer knows the server's processes, of which this one is taken to be.
fn known(server: TcpListener) -> Scene {
    let mut scene = Scene::of(server);
    let port = scene.server.local_addr().unwrap().port();
    let found = scene.observer.discover(&Whose::Below(getppid().unwrap()), &[port]);
    // Unix listeners are found whatever their ports: other tests of this program have some meanwhile.
    let ports: Vec<_> = found.listeners.iter().filter_map(|listener| listener.address.port()).collect();
    assert_eq!(ports, [port], "{found:?}");
    assert_eq!(scene.observer.source(), "/proc/net/tcp");
    scene
}

fn scene_at(address: &str) -> Scene {
    known(TcpListener::bind(address).unwrap())
}

#[test]
fn a_request_is_unread_then_in_flight_then_answered_on_each_family() {
    without_sock_diag(|| {
        for (listener, by) in [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1"), ("[::]:0", "127.0.0.1")] {
            let mut scene = scene_at(listener);
            scene.sees(NOTHING);
            let (client, server) = scene.accepted_by(by);
            scene.comes_to_see(SILENT);
            say(&client, b"request");
            scene.comes_to_see(UNREAD);
            hear(&server, 7);
            scene.sees(IN_FLIGHT);
            say(&server, b"answer");
            scene.comes_to_see(IDLE);
            hear(&client, 6);
            say(&client, b"another");
            scene.comes_to_see(UNREAD);
            hear(&server, 7);
            scene.sees(IN_FLIGHT);
        }
    });
}

#[test]
fn a_client_that_closed_its_half_and_waits_is_unread_then_in_flight_then_idle() {
    without_sock_diag(|| {
        let mut scene = scene_at("127.0.0.1:0");
        let (client, server) = scene.accepted();
        say(&client, b"request");
        client.shutdown(Shutdown::Write).unwrap();
        scene.comes_to_see(UNREAD);
        hear(&server, 7);
        scene.sees(IN_FLIGHT); // its FIN is no byte
        say(&server, b"answer");
        scene.comes_to_see(IDLE);
    });
}

#[test]
fn an_answer_that_the_client_does_not_read_is_in_flight_until_it_is_read_or_the_server_is_gone() {
    without_sock_diag(|| {
        let mut scene = scene_at("127.0.0.1:0");
        let (client, server) = scene.accepted();
        say(&client, b"request");
        hear(&server, 7);
        let length = say_more_than_fits(&server);
        scene.sees(IN_FLIGHT);
        server.shutdown(Shutdown::Write).unwrap();
        scene.sees(IN_FLIGHT); // FIN_WAIT1
        hear(&client, length);
        scene.comes_to_see(NOTHING); // FIN_WAIT2: the server has said its last word, and it is delivered
    });
}

#[test]
fn unread_bytes_are_not_forgotten_between_two_looks_behind_a_gate() {
    without_sock_diag(|| {
        for mut scene in [scene_at("127.0.0.1:0"), Scene::new()] {
            let (client, _server) = scene.accepted();
            scene.observer.gate_closed();
            say(&client, b"request");
            let begin = std::time::Instant::now();
            while scene.observer.look().unread != Some(1) {
                assert!(begin.elapsed() < BOUND);
            }
            // A roll that nobody was entered in would show nobody.
            assert_eq!(scene.observer.call_roll(), Called::Unknown);
        }
    });
}

#[test]
fn handshakes_from_before_the_gate_count_and_later_ones_do_not() {
    without_sock_diag(|| {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        set_tcp_option(&server, libc::TCP_DEFER_ACCEPT, 30);
        let mut scene = known(server);
        let _early = TcpStream::connect(scene.by("127.0.0.1")).unwrap();
        scene.comes_to_see(HALF_OPEN);
        scene.observer.gate_closed();
        let _late = TcpStream::connect(scene.by("127.0.0.1")).unwrap();
        scene.sees(HALF_OPEN);
        scene.observer.gate_opened();
        scene.comes_to_see(Look { half_open: Some(2), ..NOTHING });
    });
}

#[test]
fn late_arrivals_that_lameduck_has_accepted_itself_never_count() {
    without_sock_diag(|| {
        // Given: a server whose processes are others than this one.
        let mut server = Command::new("sleep").arg("60").spawn().unwrap();
        let mut scene = Scene::new();
        scene.observer.discover(&Whose::Below(Pid::from_child(&server)), &[]);
        let (client, ours) = scene.accepted();
        scene.comes_to_see(NOTHING);
        say(&client, b"request");
        scene.sees(NOTHING);
        hear(&ours, 7);
        scene.sees(NOTHING);
        server.kill().unwrap();
        server.wait().unwrap();
    });
}

/// gunicorn's control socket, which seldom has a client.
#[test]
fn a_unix_listener_hides_nothing_of_tcp_while_nobody_is_accepted_from_it() {
    without_sock_diag(|| {
        let mut scene = scene_at("127.0.0.1:0");
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("control");
        let control = UnixListener::bind(&path).unwrap();
        let watched = [OwnedFd::from(control.try_clone().unwrap()), scene.server.try_clone().unwrap().into()];
        let watched = watched.map(|socket| Watched {
            listener: Listener::of(&socket).unwrap(),
            duplicate: Some(Arc::new(socket)),
        });
        scene.observer.watch(watched.into());
        let (client, _server) = scene.accepted();
        say(&client, b"request");
        scene.comes_to_see(UNREAD);
        let _one = UnixStream::connect(&path).unwrap();
        scene.sees(Look { queue: Some(1), ..UNREAD });
        let _accepted = control.accept().unwrap();
        scene.sees(Look {
            unread: None,
            in_flight: None,
            silent: None,
            idle: None,
            unknown: None,
            ..NOTHING
        });
    });
}

#[test]
fn where_duplicates_are_refused_too_unread_is_known_and_in_flight_is_not() {
    without_sock_diag(|| {
        refusing(libc::SYS_pidfd_getfd, &[], libc::EPERM, || {
            let mut scene = scene_at("127.0.0.1:0");
            let (client, server) = scene.accepted();
            scene.comes_to_see(UNKNOWN);
            say(&client, b"request");
            scene.comes_to_see(UNREAD);
            let _other = scene.accepted();
            scene.comes_to_see(Look { unread: Some(1), ..UNKNOWN });
            hear(&server, 7);
            scene.comes_to_see(UNKNOWN);
        });
    });
}
