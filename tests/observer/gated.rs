//! Late arrivals are ours: they never count, whatever they do.
use super::faults::set_tcp_option;
use super::scene::*;
use lameduck::sockets::gate::Group;
use rustix::fs::fstat;
use rustix::net::{SocketFlags, accept_with};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// Closes the gate before a server that has one connection in flight.
fn gated(listener: &str, by: &str) -> (Scene, Group, (TcpStream, TcpStream)) {
    let server = TcpListener::bind(listener).unwrap();
    server.set_nonblocking(false).unwrap();
    let mut scene = Scene::of(server);
    let (client, accepted) = scene.accepted_by(by);
    say(&client, b"request");
    hear(&accepted, 7);
    let held = Arc::new(OwnedFd::from(scene.server.try_clone().unwrap()));
    let uid = fstat(&held).unwrap().st_uid;
    let mut strays = Vec::new();
    let address = scene.server.local_addr().unwrap();
    let group = Group::form(vec![held], address, uid, &mut strays).unwrap();
    group.close_gate(&mut strays).unwrap();
    assert_eq!(strays.len(), 0);
    scene.observer.gate_closed();
    scene.comes_to_see(IN_FLIGHT);
    (scene, group, (client, accepted))
}

#[test]
fn late_arrivals_never_count() {
    for (listener, by) in [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1"), ("[::]:0", "127.0.0.1")] {
        let (mut scene, group, _in_flight) = gated(listener, by);
        let late = TcpStream::connect(scene.by(by)).unwrap();
        late.set_nodelay(true).unwrap();
        scene.sees(IN_FLIGHT); // queued
        say(&late, b"request");
        scene.sees(IN_FLIGHT); // queued, with a request
        let ours: TcpStream = accept_with(&**group.ours(), SocketFlags::CLOEXEC).unwrap().into();
        scene.sees(IN_FLIGHT); // unread
        hear(&ours, 7);
        scene.sees(IN_FLIGHT); // in flight, were it the server's
        let length = say_more_than_fits(&ours);
        scene.sees(IN_FLIGHT); // not delivered
        drop(ours);
        scene.sees(IN_FLIGHT); // closed, not delivered
        hear(&late, length);
        late.shutdown(Shutdown::Both).unwrap();
        scene.sees(IN_FLIGHT);
        assert_eq!(scene.observer.queue().0, Some(0));
    }
}

#[test]
fn handshakes_of_late_arrivals_do_not_count_and_those_from_before_do() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    set_tcp_option(&server, libc::TCP_DEFER_ACCEPT, 30);
    let mut scene = Scene::of(server);
    let early = TcpStream::connect(scene.by("127.0.0.1")).unwrap();
    scene.comes_to_see(HALF_OPEN);
    let held = Arc::new(OwnedFd::from(scene.server.try_clone().unwrap()));
    let uid = fstat(&held).unwrap().st_uid;
    let mut strays = Vec::new();
    let group = Group::form(vec![held], scene.server.local_addr().unwrap(), uid, &mut strays).unwrap();
    group.close_gate(&mut strays).unwrap();
    scene.observer.gate_closed();
    set_tcp_option(group.ours(), libc::TCP_DEFER_ACCEPT, 30);
    let _late = TcpStream::connect(scene.by("127.0.0.1")).unwrap();
    scene.comes_to_see(HALF_OPEN);
    say(&early, b"request");
    scene.comes_to_see(QUEUED); // who began before the gate completes at the server
}
