//! HTTP/2 with prior knowledge: whoever asks is sent away by GOAWAY, as one whose request was not processed.
use crate::ports::closed_port;
use crate::scene::{BOUND, HEAD_WITHIN, NOBODY, Scene, after, ends, hear_bytes};
use lameduck::late_arrivals::{Kind, Served};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
const SETTINGS_ACK: &[u8] = b"\0\0\0\x04\x01\0\0\0\0";
/// GET / by http, from HPACK's static table: on stream 1, END_STREAM and END_HEADERS.
pub const HEADERS: &[u8] = b"\0\0\x03\x01\x05\0\0\0\x01\x82\x84\x86";
const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0pingpong";
/// Last stream 0, NO_ERROR.
const GOAWAY: &[u8] = b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0";
/// How long GOAWAY waits for what comes in one breath with the request (`http2/goaway.rs`).
const BREATH: Duration = Duration::from_millis(150);
const SENT_AWAY: Served = Served { goaway: 1, ..NOBODY };

/// All that a client says who asks at once.
pub fn asking() -> Vec<u8> {
    [PREFACE, SETTINGS, HEADERS].concat()
}

/// What whoever asks is told.
pub fn told() -> Vec<u8> {
    [SETTINGS, SETTINGS_ACK, GOAWAY].concat()
}

fn said(scene: &Scene, bytes: &[u8]) -> TcpStream {
    let mut client = scene.connect();
    client.write_all(bytes).unwrap();
    client
}

#[track_caller]
fn is_sent_away(scene: &Scene, client: TcpStream, told: &[u8]) {
    assert_eq!(hear_bytes(client), told);
    ends(&scene.desk, Kind::LateArrival, SENT_AWAY);
}

#[test]
fn a_client_that_asks_is_sent_away_a_breath_later() {
    let scene = Scene::new();
    let begin = Instant::now();
    let client = said(&scene, &asking());
    is_sent_away(&scene, client, &told());
    assert!(begin.elapsed() >= BREATH);
}

#[test]
fn where_no_fellow_can_be_reached_it_is_sent_away() {
    let scene = Scene::relaying(&[closed_port()]);
    let client = said(&scene, &asking());
    is_sent_away(&scene, client, &told());
}

#[test]
fn a_client_that_asks_when_it_has_seen_our_settings_is_waited_for() {
    let scene = Scene::new();
    let mut client = said(&scene, &[PREFACE, SETTINGS].concat());
    let mut settings = [0; 18];
    client.read_exact(&mut settings).unwrap();
    assert_eq!(settings[..], *[SETTINGS, SETTINGS_ACK].concat());
    client.write_all(&[SETTINGS_ACK, HEADERS].concat()).unwrap();
    is_sent_away(&scene, client, GOAWAY);
}

#[test]
fn a_head_in_two_frames_ends_with_the_second() {
    let first = b"\0\0\x01\x01\x01\0\0\0\x01\x82";
    let second = b"\0\0\x02\x09\x04\0\0\0\x01\x84\x86";
    let scene = Scene::new();
    let mut client = said(&scene, &[PREFACE, SETTINGS, first].concat());
    client.set_read_timeout(Some(BREATH * 2)).unwrap();
    let mut heard = vec![0; 18];
    client.read_exact(&mut heard).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock, "it had not asked yet");
    client.set_read_timeout(Some(BOUND)).unwrap();
    client.write_all(second).unwrap();
    is_sent_away(&scene, client, GOAWAY);
}

#[test]
fn what_comes_byte_by_byte_is_understood() {
    let scene = Scene::new();
    let mut client = scene.connect();
    for byte in asking() {
        client.write_all(&[byte]).unwrap();
    }
    is_sent_away(&scene, client, &told());
}

#[test]
fn a_client_that_closed_its_half_is_sent_away() {
    for (said_first, told) in [(asking(), told()), (PREFACE[..9].to_vec(), [SETTINGS, GOAWAY].concat())] {
        let scene = Scene::new();
        let client = said(&scene, &said_first);
        client.shutdown(Shutdown::Write).unwrap();
        is_sent_away(&scene, client, &told);
    }
}

#[test]
fn a_client_that_asks_nothing_is_sent_away_after_the_grace_for_silence() {
    let grace = Duration::from_millis(100);
    let scene = Scene::with(grace);
    let begin = Instant::now();
    let client = said(&scene, &[PREFACE, SETTINGS].concat());
    is_sent_away(&scene, client, &told());
    assert!(begin.elapsed() >= grace);
}

#[test]
fn a_client_that_stops_in_the_middle_is_sent_away_after_the_head_s_bound() {
    for (part, told) in [(&PREFACE[..20], [SETTINGS, GOAWAY].concat()), (&asking()[..40], told())] {
        let scene = Scene::with(Duration::from_millis(100));
        let begin = Instant::now();
        let client = said(&scene, part);
        is_sent_away(&scene, client, &told);
        assert!(begin.elapsed() >= HEAD_WITHIN);
    }
}

/// Writes pieces until it is told that nobody hears them any more.
fn goes_on(client: &TcpStream, piece: &'static [u8], pause: Duration) -> thread::JoinHandle<()> {
    let mut client = client.try_clone().unwrap();
    thread::spawn(move || {
        let begin = Instant::now();
        while client.write_all(piece).is_ok() {
            assert!(begin.elapsed() < BOUND, "it was never cut off");
            thread::sleep(pause); // what the client does, not what is waited for
        }
    })
}

#[test]
fn a_client_that_never_ends_is_told_and_cut_off() {
    // Frames without a request, byte by byte; all that it can send behind one.
    for (begin, piece, pause, told) in [
        ([PREFACE, SETTINGS].concat(), &PING[..1], Duration::from_millis(100), told()),
        (asking(), PING, Duration::ZERO, told()),
    ] {
        let scene = Scene::with(Duration::from_millis(100));
        let mut client = said(&scene, &begin);
        let going_on = goes_on(&client, piece, pause);
        let mut heard = vec![0; told.len()];
        client.read_exact(&mut heard).unwrap();
        assert_eq!(heard, told);
        ends(&scene.desk, Kind::LateArrival, SENT_AWAY);
        drop(client);
        going_on.join().unwrap();
    }
}

#[test]
fn a_megabyte_behind_the_request_is_read_away() {
    let scene = Scene::new();
    let data = [&b"\0\x40\0\0\0\0\0\0\x01"[..], &[7; 0x4000]].concat().repeat(64);
    let client = said(&scene, &[asking(), data].concat());
    is_sent_away(&scene, client, &told());
}

#[test]
fn what_is_no_frames_is_sent_away_at_once() {
    let scene = Scene::new();
    let client = said(&scene, &[PREFACE, b"GET / HTTP/1.1\r\n\r\n", HEADERS].concat());
    // It has begun a frame of 4 MiB, of which nothing comes.
    client.shutdown(Shutdown::Write).unwrap();
    is_sent_away(&scene, client, &[SETTINGS, GOAWAY].concat());

    let scene = Scene::new();
    let client = said(&scene, &[PREFACE, PING].concat());
    is_sent_away(&scene, client, &[SETTINGS, GOAWAY].concat());
}

#[test]
fn a_client_that_left_is_gone() {
    let scene = Scene::new();
    drop(said(&scene, PREFACE));
    let served = after(&scene.desk, Kind::LateArrival, 1);
    assert_eq!(served.goaway + served.gone, 1, "{served:?}");
}
