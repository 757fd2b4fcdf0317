//! Both address families, dual-stack listeners, and listeners at one address of several.
use super::faults::set_tcp_option;
use super::scene::*;
use lameduck::sockets::Look;
use std::net::{TcpListener, TcpStream};

fn goes_through_every_standing(scene: &mut Scene, by: &str) {
    set_tcp_option(&scene.server, libc::TCP_DEFER_ACCEPT, 30);
    let client = TcpStream::connect(scene.by(by)).unwrap();
    scene.comes_to_see(HALF_OPEN);
    say(&client, b"request");
    scene.comes_to_see(QUEUED);
    let server = scene.server.accept().unwrap().0;
    scene.comes_to_see(UNREAD);
    hear(&server, 7);
    scene.sees(IN_FLIGHT);
    say(&server, b"answer");
    scene.comes_to_see(IDLE);
    hear(&client, 6);
    drop(server);
    scene.comes_to_see(NOTHING);
}

#[test]
fn every_standing_is_seen_in_every_family() {
    for (listener, clients) in [
        ("127.0.0.1:0", vec!["127.0.0.1"]),
        ("0.0.0.0:0", vec!["127.0.0.1", "127.0.0.2"]),
        ("[::1]:0", vec!["::1"]),
        ("[::]:0", vec!["::1", "127.0.0.1"]),
        ("[::ffff:127.0.0.1]:0", vec!["127.0.0.1"]),
    ] {
        let mut scene = Scene::at(listener);
        for by in clients {
            goes_through_every_standing(&mut scene, by);
        }
    }
}

#[test]
fn both_families_of_a_dual_stack_listener_are_counted_together() {
    let mut scene = Scene::at("[::]:0");
    let _v4 = scene.accepted_by("127.0.0.1");
    let _v6 = scene.accepted_by("::1");
    let _queued = TcpStream::connect(scene.by("127.0.0.1")).unwrap();
    scene.comes_to_see(Look { queue: Some(1), silent: Some(2), ..NOTHING });
}

#[test]
fn a_stranger_on_the_same_port_of_another_address_does_not_count() {
    let mut scene = Scene::new();
    let stranger = TcpListener::bind(scene.by("127.0.0.2")).unwrap();
    set_tcp_option(&stranger, libc::TCP_DEFER_ACCEPT, 30);
    let speaking = TcpStream::connect(stranger.local_addr().unwrap()).unwrap();
    say(&speaking, b"request");
    let _accepted = stranger.accept().unwrap();
    let _half_open = TcpStream::connect(stranger.local_addr().unwrap()).unwrap();
    let mut theirs = observer_of([&stranger], false, AGES);
    comes_to_see(&mut theirs, Look { unread: Some(1), half_open: Some(1), ..NOTHING });
    scene.sees(NOTHING);
}

#[test]
fn a_stranger_of_the_other_family_on_the_same_port_does_not_count() {
    for (ours, by, theirs, by_theirs) in
        [("0.0.0.0:0", "127.0.0.1", "::1", "::1"), ("[::1]:0", "::1", "127.0.0.1", "127.0.0.1")]
    {
        let mut scene = Scene::at(ours);
        let stranger = TcpListener::bind(scene.by(theirs)).unwrap();
        set_tcp_option(&stranger, libc::TCP_DEFER_ACCEPT, 30);
        let _half_open = TcpStream::connect(scene.by(by_theirs)).unwrap();
        let mut other = observer_of([&stranger], false, AGES);
        comes_to_see(&mut other, HALF_OPEN);
        scene.sees(NOTHING);
        let _ours = scene.accepted_by(by);
        scene.comes_to_see(SILENT);
    }
}

#[test]
fn an_outgoing_connection_of_the_server_does_not_count() {
    let mut scene = Scene::new();
    let other = Scene::new();
    let (outgoing, _accepted) = other.accepted();
    say(&outgoing, b"to a database");
    scene.sees(NOTHING);
}
