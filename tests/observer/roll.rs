//! Behind a closed gate, those whom a look showed are asked for one by one, without a look at everything.
use super::scene::*;
use lameduck::sockets::{Called, Look};
use std::time::Instant;

/// Calls the roll until it shows this: the kernel takes its time for the last acknowledgement.
#[track_caller]
fn comes_to_call(scene: &mut Scene, wanted: Look) {
    let begin = Instant::now();
    loop {
        let called = scene.observer.call_roll();
        if called == Called::Everybody(wanted) {
            return;
        }
        assert!(begin.elapsed() < BOUND, "{called:?} is not {wanted:?}");
        std::thread::yield_now();
    }
}

#[test]
fn given_no_gate_then_only_a_look_tells() {
    let mut scene = Scene::new();
    let (_client, _server) = scene.answered();
    scene.comes_to_see(IDLE);
    assert_eq!(scene.observer.call_roll(), Called::Unknown);
    scene.observer.gate_closed();
    assert_eq!(scene.observer.call_roll(), Called::Unknown, "nobody has looked since");
    scene.sees(IDLE);
    assert_eq!(scene.observer.call_roll(), Called::Everybody(IDLE));
    scene.observer.gate_opened();
    assert_eq!(scene.observer.call_roll(), Called::Unknown);
}

#[test]
fn given_somebody_in_the_queue_then_only_a_look_tells() {
    let mut scene = Scene::new();
    scene.observer.gate_closed();
    let _client = std::net::TcpStream::connect(scene.by("127.0.0.1")).unwrap();
    scene.comes_to_see(QUEUED);
    assert_eq!(scene.observer.call_roll(), Called::Unknown);
}

#[test]
fn given_a_request_in_flight_when_it_is_answered_then_the_roll_shows_it_for_each_family() {
    for (listener, client_by) in [("127.0.0.1:0", "127.0.0.1"), ("[::]:0", "127.0.0.1"), ("[::1]:0", "::1")] {
        let mut scene = Scene::at(listener);
        scene.observer.gate_closed();
        let (client, server) = scene.accepted_by(client_by);
        say(&client, b"request");
        scene.comes_to_see(UNREAD);
        assert_eq!(scene.observer.call_roll(), Called::Everybody(UNREAD), "{listener}");
        hear(&server, 7);
        comes_to_call(&mut scene, IN_FLIGHT);
        say(&server, b"answer");
        comes_to_call(&mut scene, IDLE);
        say(&client, b"another");
        comes_to_call(&mut scene, UNREAD);
    }
}

#[test]
fn given_a_request_in_flight_when_the_server_closes_or_resets_then_the_roll_shows_nobody() {
    for reset_it in [false, true] {
        let mut scene = Scene::new();
        scene.observer.gate_closed();
        let (client, server) = scene.accepted();
        say(&client, b"request");
        hear(&server, 7);
        scene.comes_to_see(IN_FLIGHT);
        assert_eq!(scene.observer.call_roll(), Called::Everybody(IN_FLIGHT));
        if reset_it {
            reset(server);
        } else {
            drop(server);
        }
        comes_to_call(&mut scene, NOTHING);
    }
}

#[test]
fn given_more_than_a_roll_holds_then_it_shows_whether_some_work() {
    let mut scene = Scene::new();
    scene.observer.gate_closed();
    let mut rest: Vec<_> = (0..100).map(|_| scene.answered()).collect();
    let (client, server) = scene.accepted();
    say(&client, b"request");
    hear(&server, 7);
    let begin = Instant::now();
    while scene.observer.look().in_flight != Some(1) {
        assert!(begin.elapsed() < BOUND);
    }
    assert!(scene.observer.shows_a_crowd());
    assert_eq!(scene.observer.call_roll(), Called::SomeWork);
    drop(server);
    let begin = Instant::now();
    while scene.observer.call_roll() != Called::Unknown {
        assert!(begin.elapsed() < BOUND);
    }
    rest.clear();
}

/// Each of sixty-four asked would take a tenth of a processor.
#[test]
fn where_there_are_many_one_that_works_is_enough() {
    let mut scene = Scene::new();
    scene.observer.gate_closed();
    let _at_rest: Vec<_> = (0..100).map(|_| scene.answered()).collect();
    let mut working: Vec<_> = (0..50).map(|_| scene.accepted()).collect();
    for (client, server) in &working {
        say(client, b"request");
        hear(server, 7);
    }
    let seen = |at_work| Look { in_flight: Some(at_work), idle: Some(150 - at_work), ..NOTHING };
    scene.comes_to_see(seen(50));
    let called = |scene: &mut Scene| {
        let mut asked = 0;
        let called = scene.observer.call_roll_with(&mut |_, _, standing| {
            asked += 1;
            standing
        });
        (called, asked)
    };
    assert_eq!(called(&mut scene), (Called::SomeWork, 1));
    // When: all but one are answered.
    for (client, server) in &working[1..] {
        say(server, b"answer");
        hear(client, 6);
    }
    let mut another = observer_of([&scene.server], false, AGES);
    comes_to_see(&mut another, seen(1));
    // Then: it is found, and is asked first from then on.
    assert_eq!(called(&mut scene).0, Called::SomeWork);
    assert_eq!(called(&mut scene), (Called::SomeWork, 1));
    // When: they have gone.
    working.clear();
    let begin = Instant::now();
    while called(&mut scene) != (Called::Unknown, 0) {
        assert!(begin.elapsed() < BOUND);
    }
}
