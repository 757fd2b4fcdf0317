//! Behind a load balancer that says the header of the PROXY protocol first: every protocol as without it.
use crate::fellow::{echoed, fellow, head};
use crate::http2::{asking, told};
use crate::scene::{GET, HEAD_WITHIN, Scene, ends, hear, hear_bytes};
use crate::tls::{ALERT, HELLO};
use lameduck::late_arrivals::{Kind, RESPONSE, Served};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

pub const VERSION_1: &[u8] = b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n";
/// PROXY over TCP of IPv4: 12 bytes of addresses and 3 of a field behind them.
pub const VERSION_2: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xc0\0\x02\x01\xc0\0\x02\x02\xdc\x04\x01\xbb\x04\0\0";

fn said(scene: &Scene, bytes: &[u8]) -> TcpStream {
    let mut client = scene.connect();
    client.write_all(bytes).unwrap();
    client
}

#[test]
fn every_protocol_is_answered_behind_either_header() {
    for header in [VERSION_1, VERSION_2] {
        let scene = Scene::new();
        for (bytes, answer) in
            [(GET, RESPONSE.as_bytes()), (&asking(), &told()), (HELLO, ALERT), (b"PING\r\n", b"")]
        {
            assert_eq!(hear_bytes(said(&scene, &[header, bytes].concat())), answer, "{bytes:?}");
        }
        let each = Served { answered: 1, goaway: 1, alerted: 1, closed: 1, ..Served::default() };
        ends(&scene.desk, Kind::LateArrival, each);
    }
}

#[test]
fn a_header_that_comes_byte_by_byte_is_skipped() {
    for header in [VERSION_1, VERSION_2] {
        let scene = Scene::new();
        let mut client = scene.connect();
        for byte in [header, GET].concat() {
            client.write_all(&[byte]).unwrap();
        }
        assert_eq!(hear(client), RESPONSE);
    }
}

#[test]
fn a_client_that_says_nothing_behind_it_is_as_silent_as_any() {
    let scene = Scene::with(Duration::from_millis(100));
    assert_eq!(hear(said(&scene, VERSION_2)), RESPONSE);
    ends(&scene.desk, Kind::LateArrival, Served { answered: 1, ..Served::default() });
}

#[test]
fn a_header_that_stops_in_the_middle_is_bounded() {
    let scene = Scene::with(Duration::from_millis(100));
    let begin = Instant::now();
    let clients = [&VERSION_1[..20], &VERSION_2[..20]].map(|part| said(&scene, part));
    for client in clients {
        assert_eq!(hear(client), RESPONSE);
    }
    assert!(begin.elapsed() >= HEAD_WITHIN);
}

#[test]
fn a_second_header_and_a_megabyte_of_them_is_closed() {
    let scene = Scene::new();
    assert_eq!(hear(said(&scene, &VERSION_1.repeat(25_000))), "");
    ends(&scene.desk, Kind::LateArrival, Served { closed: 1, ..Served::default() });
}

#[test]
fn a_request_is_relayed_behind_its_header() {
    for header in [VERSION_1, VERSION_2] {
        let fellow = fellow(move |mut connection| {
            let mut came = vec![0; header.len()];
            connection.read_exact(&mut came).unwrap();
            assert_eq!(came, header);
            let (head, _) = head(&connection);
            connection.write_all(echoed(&head).as_bytes()).unwrap();
        });
        let scene = Scene::relaying(&[fellow]);
        let asked = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        assert_eq!(hear(said(&scene, &[header, GET].concat())), echoed(asked));
        ends(&scene.desk, Kind::LateArrival, Served { relayed: 1, ..Served::default() });
    }
}

#[test]
fn every_other_protocol_is_relayed_behind_its_header_with_both_ways_closed_apart() {
    for header in [b"", VERSION_1, VERSION_2] {
        for bytes in [HELLO, b"PING\r\n"] {
            let fellow = fellow(|mut connection| {
                connection.write_all(b"welcome").unwrap();
                let mut heard = Vec::new();
                connection.read_to_end(&mut heard).unwrap(); // until the client's half is closed
                connection.write_all(&heard).unwrap();
            });
            let scene = Scene::relaying(&[fellow]);
            let mut client = said(&scene, &[header, bytes].concat());
            let mut welcome = [0; 7];
            client.read_exact(&mut welcome).unwrap();
            assert_eq!(&welcome, b"welcome", "before the client has closed its half");
            let rest = thread::spawn({
                let client = client.try_clone().unwrap();
                move || hear_bytes(client)
            });
            client.write_all(b"more").unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            assert_eq!(rest.join().unwrap(), [header, bytes, b"more"].concat());
            ends(&scene.desk, Kind::LateArrival, Served { relayed: 1, ..Served::default() });
        }
    }
}
