//! Clients that stop or never close: each is waited for, and none for long.
use crate::scene::{GET, HEAD_WITHIN, LINGER, Scene, ends, hear, until};
use lameduck::late_arrivals::{Kind, RESPONSE, Served};
use std::io::Write;
use std::time::{Duration, Instant};

#[test]
fn a_client_that_never_speaks_is_answered_after_the_grace_for_silence() {
    let grace = Duration::from_millis(100);
    let scene = Scene::with(grace);
    let begin = Instant::now();
    let client = scene.connect();
    assert_eq!(hear(client), RESPONSE);
    assert!(begin.elapsed() >= grace);
    ends(&scene.desk, Kind::LateArrival, Served { answered: 1, ..Served::default() });
}

#[test]
fn a_client_that_stops_in_the_middle_of_its_head_is_answered_after_the_head_s_bound() {
    let scene = Scene::with(Duration::from_millis(100));
    let begin = Instant::now();
    let mut client = scene.connect();
    client.write_all(b"GET /").unwrap();
    assert_eq!(hear(client), RESPONSE);
    assert!(begin.elapsed() >= HEAD_WITHIN);
    ends(&scene.desk, Kind::LateArrival, Served { answered: 1, ..Served::default() });
}

#[test]
fn a_client_that_never_closes_keeps_nobody_busy_for_long() {
    let scene = Scene::new();
    let mut client = scene.connect();
    client.write_all(GET).unwrap();
    let begin = Instant::now();
    until(|| scene.desk.served(Kind::LateArrival).answered == 1);
    assert!(begin.elapsed() >= LINGER);
    assert_eq!(scene.desk.busy(), 0);
    assert_eq!(hear(client), RESPONSE, "and what it was told is still there");
}
