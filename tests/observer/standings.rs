//! A connection in each standing is told right.
use super::scene::*;
use lameduck::sockets::Look;
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

#[test]
fn a_listener_without_connections_shows_nothing() {
    Scene::new().sees(NOTHING);
}

#[test]
fn a_connection_that_nobody_accepted_is_queued_with_or_without_a_request() {
    let mut scene = Scene::new();
    let client = TcpStream::connect(scene.by("127.0.0.1")).unwrap();
    scene.comes_to_see(QUEUED);
    say(&client, b"request");
    scene.comes_to_see(QUEUED);
    client.shutdown(Shutdown::Write).unwrap();
    scene.comes_to_see(QUEUED);
}

#[test]
fn a_request_is_unread_until_the_server_reads_it_and_then_in_flight_until_it_is_answered() {
    let mut scene = Scene::new();
    let (client, server) = scene.accepted();
    say(&client, b"request");
    scene.comes_to_see(UNREAD);
    hear(&server, 6);
    scene.sees(UNREAD); // one byte is left
    hear(&server, 1);
    scene.sees(IN_FLIGHT);
    say(&server, b"answer");
    scene.comes_to_see(IDLE);
    hear(&client, 6);
    say(&client, b"request");
    scene.comes_to_see(UNREAD);
    hear(&server, 7);
    scene.sees(IN_FLIGHT);
}

#[test]
fn a_connection_without_a_byte_is_silent_while_it_is_young_and_idle_when_it_is_not() {
    let scene = Scene::new();
    let _pair = scene.accepted();
    comes_to_see(&mut observer_of([&scene.server], false, AGES), SILENT);
    comes_to_see(&mut observer_of([&scene.server], false, Duration::from_millis(1)), IDLE);
}

#[test]
fn an_answer_that_the_client_does_not_read_is_in_flight_and_idle_once_it_is_read() {
    let mut scene = Scene::new();
    let (client, server) = scene.accepted();
    say(&client, b"request");
    hear(&server, 7);
    let length = say_more_than_fits(&server);
    scene.sees(IN_FLIGHT);
    hear(&client, length);
    scene.comes_to_see(IDLE);
}

#[test]
fn a_client_that_closed_its_half_and_waits_is_unread_then_in_flight_then_idle() {
    let mut scene = Scene::new();
    let (client, server) = scene.accepted();
    say(&client, b"request");
    client.shutdown(Shutdown::Write).unwrap();
    scene.comes_to_see(UNREAD);
    hear(&server, 7);
    scene.sees(IN_FLIGHT); // its FIN is no byte
    say(&server, b"answer");
    scene.comes_to_see(IDLE);
}

#[test]
fn a_client_that_left_without_a_word_is_waited_for_by_nobody() {
    let mut scene = Scene::new();
    let (client, server) = scene.accepted();
    client.shutdown(Shutdown::Write).unwrap();
    scene.comes_to_see(IDLE);
    drop((client, server));
    scene.comes_to_see(NOTHING);
    let (client, _server) = scene.accepted();
    reset(client);
    scene.comes_to_see(NOTHING);
}

#[test]
fn what_the_server_said_before_it_closed_is_in_flight_until_it_is_delivered() {
    let mut scene = Scene::new();
    let (client, server) = scene.accepted();
    say(&client, b"request");
    hear(&server, 7);
    let length = say_more_than_fits(&server);
    drop(server);
    scene.sees(IN_FLIGHT);
    client.shutdown(Shutdown::Write).unwrap();
    scene.comes_to_see(IN_FLIGHT); // CLOSING or FIN_WAIT1, and still not delivered
    hear(&client, length);
    scene.comes_to_see(NOTHING);
}

#[test]
fn a_connection_that_the_server_closed_and_that_was_delivered_is_nothing_although_the_client_keeps_it() {
    let mut scene = Scene::new();
    let (client, server) = scene.answered();
    drop(server);
    scene.comes_to_see(NOTHING);
    drop(client);
    scene.comes_to_see(NOTHING);
}

#[test]
fn a_server_that_spoke_first_waits_for_its_client() {
    let mut scene = Scene::new();
    let (client, server) = scene.accepted();
    say(&server, b"welcome");
    hear(&client, 7);
    scene.comes_to_see(IDLE);
}

#[test]
fn many_connections_are_counted_each_in_its_standing() {
    let mut scene = Scene::new();
    let _silent: Vec<_> = (0..3).map(|_| scene.accepted()).collect();
    let idle: Vec<_> = (0..5).map(|_| scene.answered()).collect();
    let working: Vec<_> = (0..7).map(|_| scene.accepted()).collect();
    for (client, server) in &working {
        say(client, b"request");
        hear(server, 7);
    }
    let _queued: Vec<_> = (0..11).map(|_| TcpStream::connect(scene.by("127.0.0.1")).unwrap()).collect();
    for (client, _) in &idle[..2] {
        say(client, b"request");
    }
    scene.comes_to_see(Look {
        queue: Some(11),
        half_open: Some(0),
        unread: Some(2),
        in_flight: Some(7),
        silent: Some(3),
        idle: Some(3),
        unknown: Some(0),
    });
}
