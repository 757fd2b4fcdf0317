//! One request that is still in flight is told without a look at everything.
use super::scene::*;
use std::time::Instant;

/// Asks until this is told: the kernel takes its time for the last acknowledgement.
#[track_caller]
fn comes_to_be_over(scene: &mut Scene) {
    let begin = Instant::now();
    while scene.observer.still_in_flight() {
        assert!(begin.elapsed() < BOUND, "still in flight");
        std::thread::yield_now();
    }
}

#[test]
fn given_nothing_seen_in_flight_then_only_a_look_tells() {
    let mut scene = Scene::new();
    assert!(!scene.observer.still_in_flight());
    let (_client, _server) = scene.answered();
    scene.comes_to_see(IDLE);
    assert!(!scene.observer.still_in_flight());
}

#[test]
fn given_a_request_in_flight_when_it_is_answered_then_it_is_over_for_each_family() {
    for (listener, client_by) in [("127.0.0.1:0", "127.0.0.1"), ("[::]:0", "127.0.0.1"), ("[::1]:0", "::1")] {
        let mut scene = Scene::at(listener);
        let (client, server) = scene.accepted_by(client_by);
        say(&client, b"request");
        scene.comes_to_see(UNREAD);
        assert!(scene.observer.still_in_flight(), "{listener}: unread");
        hear(&server, 7);
        assert!(scene.observer.still_in_flight(), "{listener}: read");
        say(&server, b"answer");
        comes_to_be_over(&mut scene);
        scene.sees(IDLE);
    }
}

#[test]
fn given_a_request_in_flight_when_the_server_closes_or_resets_then_it_is_over() {
    for reset_it in [false, true] {
        let mut scene = Scene::new();
        let (client, server) = scene.accepted();
        say(&client, b"request");
        hear(&server, 7);
        scene.comes_to_see(IN_FLIGHT);
        assert!(scene.observer.still_in_flight());
        if reset_it {
            reset(server);
        } else {
            drop(server);
        }
        comes_to_be_over(&mut scene);
        scene.comes_to_see(NOTHING);
    }
}
