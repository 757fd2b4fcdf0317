//! TLS: an alert and a clean close.
use crate::ports::closed_port;
use crate::scene::{LINGER, NOBODY, Scene, ends, hear_bytes, until};
use lameduck::late_arrivals::{Kind, Served};
use std::io::Write;
use std::time::Instant;

/// As a ClientHello begins, in a record of 512 bytes.
pub const HELLO: &[u8] = &[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03];
/// Fatal, internal_error.
pub const ALERT: &[u8] = &[21, 3, 3, 0, 2, 2, 80];
const ALERTED: Served = Served { alerted: 1, ..NOBODY };

#[test]
fn a_client_is_told_by_an_alert_whether_its_hello_is_whole_or_not() {
    let whole = [HELLO, &[7; 506]].concat();
    for hello in [&whole[..], &whole[..1], &whole[..100]] {
        for scene in [Scene::new(), Scene::relaying(&[closed_port()])] {
            let mut client = scene.connect();
            client.write_all(hello).unwrap();
            assert_eq!(hear_bytes(client), ALERT);
            ends(&scene.desk, Kind::LateArrival, ALERTED);
        }
    }
}

#[test]
fn a_megabyte_behind_it_is_read_away() {
    let scene = Scene::new();
    let mut client = scene.connect();
    client.write_all(&[HELLO, &vec![7; 1 << 20]].concat()).unwrap();
    assert_eq!(hear_bytes(client), ALERT);
    ends(&scene.desk, Kind::LateArrival, ALERTED);
}

#[test]
fn a_client_that_never_closes_keeps_nobody_busy_for_long() {
    let scene = Scene::new();
    let mut client = scene.connect();
    let begin = Instant::now();
    client.write_all(HELLO).unwrap();
    until(|| scene.desk.served(Kind::LateArrival).alerted == 1);
    assert!(begin.elapsed() >= LINGER);
    assert_eq!(scene.desk.busy(), 0);
    assert_eq!(hear_bytes(client), ALERT, "and what it was told is still there");
}
