//! HTTP/2 through a relay: the client is sent away between two frames, none of its streams is cut, and it does not keep the relay.
use crate::fellow::{fellow, relaying};
use crate::http2::{HEADERS, PREFACE, SETTINGS};
use crate::scene::{BOUND, NOBODY, Scene, ends, hear_bytes};
use lameduck::late_arrivals::{Kind, Served};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const RELAYED: Served = Served { relayed: 1, ..NOBODY };
/// Asked to go elsewhere from now on.
const WARNING: u32 = (1 << 31) - 1;
/// `relay/farewell.rs`.
const REST: Duration = Duration::from_millis(150);
const PATIENCE: Duration = Duration::from_secs(1);

fn goaway(last: u32) -> Vec<u8> {
    [&b"\0\0\x08\x07\0\0\0\0\0"[..], &last.to_be_bytes(), &[0; 4]].concat()
}

/// [`HEADERS`] on another stream.
fn asking(stream: u8) -> Vec<u8> {
    let mut headers = HEADERS.to_vec();
    headers[8] = stream;
    headers
}

/// `:status 200` by HPACK's static table, and a body that ends the stream.
fn answer(stream: u8) -> Vec<u8> {
    [b"\0\0\x01\x01\x04\0\0\0", &[stream][..], b"\x88\0\0\x02\0\x01\0\0\0", &[stream], b"hi"].concat()
}

/// A fellow of one client: what it is given it says, behind its SETTINGS, and it gives what it hears; it closes when
/// nobody can give it any more.
struct Script {
    at: SocketAddr,
    say: Sender<Vec<u8>>,
    heard: Receiver<u8>,
}

impl Script {
    fn new() -> Self {
        let (say, says) = channel::<Vec<u8>>();
        let (hears, heard) = channel();
        let says = Arc::new(Mutex::new(says));
        let at = fellow(move |mut connection| {
            let hears = hears.clone();
            let mut hearing = connection.try_clone().unwrap();
            std::thread::spawn(move || {
                let mut byte = [0];
                while hearing.read(&mut byte).is_ok_and(|length| length > 0) && hears.send(byte[0]).is_ok() {}
            });
            connection.write_all(SETTINGS).unwrap();
            for bytes in says.lock().unwrap().iter() {
                connection.write_all(&bytes).unwrap();
            }
            connection.shutdown(Shutdown::Both).unwrap();
        });
        Self { at, say, heard }
    }

    #[track_caller]
    fn hears(&self, expected: &[u8]) {
        for byte in expected {
            assert_eq!(self.heard.recv_timeout(BOUND).as_ref(), Ok(byte));
        }
    }

    fn says(&self, bytes: &[u8]) {
        self.say.send(bytes.to_vec()).unwrap();
    }
}

/// A client that has asked on stream 1.
fn asked(scene: &Scene, script: &Script) -> TcpStream {
    let mut client = scene.connect();
    let all = [PREFACE, SETTINGS, HEADERS].concat();
    client.write_all(&all).unwrap();
    script.hears(&all);
    client
}

#[track_caller]
fn is_told(client: &mut TcpStream, expected: &[u8]) {
    let mut told = vec![0; expected.len()];
    client.read_exact(&mut told).unwrap();
    assert_eq!(told, expected);
}

#[track_caller]
fn is_told_nothing_for(client: &mut TcpStream, duration: Duration) {
    client.set_read_timeout(Some(duration)).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    client.set_read_timeout(Some(BOUND)).unwrap();
}

#[test]
fn a_client_at_rest_is_told_the_last_stream_that_was_answered_and_the_end() {
    let script = Script::new();
    let scene = Scene::relaying(&[script.at]);
    let client = asked(&scene, &script);
    let begin = Instant::now();
    script.says(&answer(1));
    assert_eq!(hear_bytes(client), [SETTINGS, &answer(1), &goaway(1)].concat());
    assert!(begin.elapsed() >= REST);
    ends(&scene.desk, Kind::LateArrival, RELAYED);
}

#[test]
fn a_busy_client_is_warned_and_what_it_asked_until_then_and_after_is_answered() {
    let script = Script::new();
    let scene = Scene::relaying(&[script.at]);
    let mut client = asked(&scene, &script);
    client.write_all(&asking(3)).unwrap();
    script.hears(&asking(3));
    let begin = Instant::now();
    script.says(&answer(1));
    is_told(&mut client, &[SETTINGS, &answer(1), &goaway(WARNING)].concat());
    assert!(begin.elapsed() >= PATIENCE);
    // It was on its way.
    client.write_all(&asking(5)).unwrap();
    script.hears(&asking(5));
    script.says(&answer(5));
    is_told(&mut client, &answer(5));
    is_told_nothing_for(&mut client, REST * 2);
    script.says(&answer(3));
    assert_eq!(hear_bytes(client), [answer(3), goaway(5)].concat());
    ends(&scene.desk, Kind::LateArrival, RELAYED);
}

#[test]
fn no_word_of_ours_comes_into_a_frame_nor_into_a_head() {
    let head = [&b"\0\0\x01\x01\x01\0\0\0\x03\x88"[..], b"\0\0\x01\x09\x04\0\0\0\x03\x88"].concat();
    for cut in [5, 9, 10, 15] {
        let script = Script::new();
        let scene = Scene::relaying(&[script.at]);
        let mut client = asked(&scene, &script);
        client.write_all(&asking(3)).unwrap();
        script.hears(&asking(3));
        script.says(&[&answer(1), &head[..cut]].concat());
        is_told(&mut client, &[SETTINGS, &answer(1), &head[..cut]].concat());
        is_told_nothing_for(&mut client, PATIENCE * 2);
        script.says(&head[cut..]);
        assert_eq!(hear_bytes(client), [&head[cut..], &goaway(3)].concat(), "cut at {cut}");
        ends(&scene.desk, Kind::LateArrival, RELAYED);
    }
}

#[test]
fn a_client_that_asks_nothing_is_sent_away_after_the_grace_for_silence() {
    let script = Script::new();
    let grace = Duration::from_millis(100);
    let scene =
        Scene::of(lameduck::late_arrivals::Settings { silent_grace: grace, ..relaying(&[script.at]) });
    let begin = Instant::now();
    let mut client = scene.connect();
    client.write_all(&[PREFACE, SETTINGS].concat()).unwrap();
    assert_eq!(hear_bytes(client), [SETTINGS, &goaway(0)].concat());
    assert!(begin.elapsed() >= grace);
    ends(&scene.desk, Kind::LateArrival, RELAYED);
}

#[test]
fn a_fellow_that_sends_the_client_away_itself_is_left_to_it() {
    let script = Script::new();
    let scene = Scene::relaying(&[script.at]);
    let mut client = asked(&scene, &script);
    script.says(&[goaway(1), answer(1)].concat());
    is_told(&mut client, &[SETTINGS, &goaway(1), &answer(1)].concat());
    is_told_nothing_for(&mut client, REST * 2);
    drop(script);
    assert_eq!(hear_bytes(client), b"");
    ends(&scene.desk, Kind::LateArrival, RELAYED);
}

#[test]
fn a_client_that_closes_behind_its_answer_was_answered_and_one_before_it_has_gone() {
    for (said, ending) in [(answer(1), RELAYED), (answer(1)[..10].to_vec(), Served { gone: 1, ..NOBODY })] {
        let script = Script::new();
        let scene = Scene::relaying(&[script.at]);
        let mut client = asked(&scene, &script);
        script.says(&said);
        is_told(&mut client, &[SETTINGS, &said].concat());
        rustix::net::sockopt::set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
        drop(client);
        ends(&scene.desk, Kind::LateArrival, ending);
    }
}

#[test]
fn a_fellow_that_closes_before_its_answer_s_end_has_cut_it() {
    let script = Script::new();
    let scene = Scene::relaying(&[script.at]);
    let mut client = asked(&scene, &script);
    script.says(&answer(1)[..10]);
    is_told(&mut client, &[SETTINGS, &answer(1)[..10]].concat());
    drop(script);
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    ends(&scene.desk, Kind::LateArrival, Served { cut: 1, ..NOBODY });
}
