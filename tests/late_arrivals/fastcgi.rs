//! FastCGI: a web server is answered as its own client would be, by a 503.
use crate::fellow::fellow;
use crate::scene::{NOBODY, Scene, ends, hear_bytes};
use lameduck::late_arrivals::{Kind, Served};
use std::io::{Read, Write};
use std::net::Shutdown;

/// BEGIN_REQUEST of a responder, PARAMS and their end: request 7.
const HEAD: &[u8] = b"\x01\x01\0\x07\0\x08\0\0\0\x01\0\0\0\0\0\0\x01\x04\0\x07\0\0\0\0";
/// The end of STDIN.
const END: &[u8] = b"\x01\x05\0\x07\0\0\0\0";
const ANSWERED: Served = Served { answered: 1, ..NOBODY };

fn is_told(heard: &[u8]) {
    assert_eq!(heard[..4], *b"\x01\x06\0\x07", "STDOUT of that request");
    assert!(heard[8..].starts_with(b"Status: 503 Service Unavailable\r\n"), "{heard:?}");
    assert_eq!(
        heard[heard.len() - 16..],
        *b"\x01\x03\0\x07\0\x08\0\0\0\0\0\0\0\0\0\0",
        "END_REQUEST: complete"
    );
}

#[test]
fn a_request_is_answered_when_all_of_its_body_has_come() {
    let scene = Scene::new();
    let mut client = scene.connect();
    // Sixteen records of 64 KiB each.
    let body = [b"\x01\x05\0\x07\xff\xff\x01\0", &vec![7; 65_536][..]].concat().repeat(16);
    client.write_all(&[HEAD, &body].concat()).unwrap();
    assert_eq!(scene.desk.served(Kind::LateArrival).answered, 0);
    client.write_all(END).unwrap();
    is_told(&hear_bytes(client));
    ends(&scene.desk, Kind::LateArrival, ANSWERED);
}

#[test]
fn byte_by_byte_it_is_answered_too() {
    let scene = Scene::new();
    let mut client = scene.connect();
    for byte in [HEAD, END].concat() {
        client.write_all(&[byte]).unwrap();
    }
    is_told(&hear_bytes(client));
    ends(&scene.desk, Kind::LateArrival, ANSWERED);
}

#[test]
fn a_request_that_ends_in_the_middle_is_answered() {
    let scene = Scene::new();
    let mut client = scene.connect();
    client.write_all(HEAD).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    is_told(&hear_bytes(client));
    ends(&scene.desk, Kind::LateArrival, ANSWERED);
}

#[test]
fn a_fellow_has_it_as_it_came() {
    let asked = [HEAD, END].concat();
    let expected = asked.clone();
    let fellow = fellow(move |mut connection| {
        let mut came = vec![0; expected.len()];
        connection.read_exact(&mut came).unwrap();
        assert_eq!(came, expected);
        connection.write_all(b"answer").unwrap();
    });
    let scene = Scene::relaying(&[fellow]);
    let mut client = scene.connect();
    client.write_all(&asked).unwrap();
    assert_eq!(hear_bytes(client), b"answer");
    ends(&scene.desk, Kind::LateArrival, Served { relayed: 1, ..NOBODY });
}
