//! Both ends spoke within one tick of the kernel's clock (4 ms at HZ 250): over loopback, almost always.
use super::scene::*;
use lameduck::sockets::memory::TIE_QUIET;
use rustix::net::sockopt::set_tcp_quickack;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

const ROUNDS: usize = 100;

fn request(client: &TcpStream, server: &TcpStream) {
    say(client, b"request");
    hear(server, 7);
}

fn answer(client: &TcpStream, server: &TcpStream) {
    say(server, b"answer");
    hear(client, 6);
}

#[test]
fn looked_at_after_each_word_the_connection_is_never_taken_for_what_it_was_before() {
    let mut scene = Scene::new();
    let (client, server) = scene.accepted();
    for _ in 0..ROUNDS {
        say(&client, b"request");
        scene.comes_to_see(UNREAD);
        hear(&server, 7);
        scene.sees(IN_FLIGHT);
        answer(&client, &server);
        scene.comes_to_see(IDLE);
    }
}

#[test]
fn looked_at_only_after_requests_an_open_request_is_in_flight_at_once() {
    let mut scene = Scene::new();
    let (client, server) = scene.accepted();
    request(&client, &server);
    scene.sees(IN_FLIGHT);
    for _ in 0..ROUNDS {
        answer(&client, &server);
        request(&client, &server);
        scene.sees(IN_FLIGHT);
    }
}

/// The next request follows the answer at once, as from a busy client, and acknowledges it.
#[test]
fn a_slow_request_right_after_an_answer_is_in_flight_for_as_long_as_it_takes() {
    for first_look in [Duration::ZERO, TIE_QUIET] {
        let mut scene = Scene::new();
        let (client, server) = scene.answered();
        request(&client, &server);
        scene.sees(IN_FLIGHT);
        // A client that has been asking for a while acknowledges nothing before it has something to say (tcp(7)).
        set_tcp_quickack(&client, false).unwrap();
        answer(&client, &server);
        request(&client, &server);
        let begin = Instant::now();
        thread::sleep(first_look);
        while begin.elapsed() < TIE_QUIET * 5 / 4 {
            scene.sees(IN_FLIGHT);
        }
        answer(&client, &server);
        scene.comes_to_see(IDLE);
    }
}

#[test]
fn looked_at_only_after_answers_the_connection_comes_to_rest() {
    let mut scene = Scene::new();
    let (client, server) = scene.accepted();
    for round in 0..ROUNDS {
        request(&client, &server);
        answer(&client, &server);
        if round % 50 == 0 {
            scene.comes_to_see(IDLE);
        }
    }
    scene.comes_to_see(IDLE);
}

#[test]
fn the_first_look_may_come_too_late_to_tell_and_takes_the_connection_to_rest_after_a_while() {
    for _ in 0..10 {
        let mut scene = Scene::new();
        let _pair = scene.answered();
        let first = scene.observer.look();
        assert!([IN_FLIGHT, IDLE].contains(&first), "{first:?}");
        if first == IN_FLIGHT {
            return scene.comes_to_see(IDLE);
        }
    }
}
