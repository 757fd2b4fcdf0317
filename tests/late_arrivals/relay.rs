//! Relay: a fellow's answer, byte for byte, for late arrivals, the rest and late requests.
use crate::fellow::{as_fellow, echo, echoed, fellow, head, relaying};
use crate::parked::Parked;
use crate::scene::{GET, NOBODY, Scene, crowd, ends, hear, until};
use lameduck::late_arrivals::{Desk, Kind, RESPONSE, Served, Settings};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const RELAYED: Served = Served { relayed: 1, ..NOBODY };
/// What a fellow is sent for [`GET`].
const ASKED: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

fn connected(client: &TcpStream, bytes: &[u8]) -> TcpStream {
    let mut client = client.try_clone().unwrap();
    client.write_all(bytes).unwrap();
    client
}

#[test]
fn a_late_arrival_has_a_fellow_s_answer() {
    let scene = Scene::relaying(&[fellow(echo)]);
    assert_eq!(hear(connected(&scene.connect(), GET)), echoed(ASKED));
    ends(&scene.desk, Kind::LateArrival, RELAYED);
}

#[test]
fn a_late_request_has_a_fellow_s_answer_and_what_is_behind_it_is_not_passed_on() {
    let desk = Desk::open(relaying(&[fellow(echo)])).unwrap();
    for request in [GET.to_vec(), GET.repeat(3)] {
        let parked = Parked::new();
        parked.request(&desk, &request);
        assert_eq!(hear(parked.client.try_clone().unwrap()), echoed(ASKED));
        parked.client.shutdown(Shutdown::Both).unwrap();
        parked.server_sees_the_end_and_never_a_byte();
    }
    ends(&desk, Kind::LateRequest, Served { relayed: 2, ..Served::default() });
}

#[test]
fn long_bodies_pass_both_ways_unchanged() {
    let body: Vec<u8> =
        (0..5_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0]).collect();
    let head = format!("PUT / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len());
    let asked = head.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1);
    let fellow = fellow(echo);
    let scene = Scene::relaying(&[fellow]);
    let parked = Parked::new();
    parked.request(&scene.desk, head.as_bytes());
    let late = connected(&scene.connect(), head.as_bytes());
    for client in [&late, &parked.client] {
        thread::scope(|scope| {
            let sending = scope.spawn(|| connected(client, &body));
            let mut heard = Vec::new();
            (&*client).read_to_end(&mut heard).unwrap();
            let end = heard.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
            assert_eq!(&heard[end..end + asked.len()], asked.as_bytes());
            assert!(heard[end + asked.len()..] == body, "the body is another one");
            drop(sending.join().unwrap());
        });
        client.shutdown(Shutdown::Both).unwrap();
    }
    ends(&scene.desk, Kind::LateArrival, RELAYED);
    ends(&scene.desk, Kind::LateRequest, RELAYED);
    parked.server_sees_the_end_and_never_a_byte();
}

#[test]
fn the_answer_passes_as_it_is_made_and_so_does_a_body_in_chunks() {
    let (made, to_make) = channel::<&str>();
    let to_make = Arc::new(Mutex::new(to_make));
    let fellow = fellow(move |mut connection| {
        let (_, mut reader) = head(&connection);
        let mut chunk = [0; 6];
        reader.read_exact(&mut chunk).unwrap();
        assert_eq!(&chunk, b"1\r\na\r\n", "a chunk before the next one is sent");
        connection.write_all(b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n").unwrap();
        for piece in to_make.lock().unwrap().iter() {
            connection.write_all(piece.as_bytes()).unwrap();
        }
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"0\r\n\r\n");
    });
    let desk = Desk::open(relaying(&[fellow])).unwrap();
    let parked = Parked::new();
    parked.request(&desk, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut client = connected(&parked.client, b"1\r\na\r\n");
    let mut expect = |expected: &str| {
        let mut heard = vec![0; expected.len()];
        client.read_exact(&mut heard).unwrap();
        assert_eq!(String::from_utf8(heard).unwrap(), expected);
    };
    expect("HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n");
    made.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    expect("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for _ in 0..3 {
        made.send("2\r\nhi\r\n").unwrap();
        expect("2\r\nhi\r\n");
    }
    (&parked.client).write_all(b"0\r\n\r\n").unwrap();
    made.send("0\r\n\r\n").unwrap();
    expect("0\r\n\r\n");
    assert_eq!(hear(parked.client.try_clone().unwrap()), "");
    drop(client);
    parked.client.shutdown(Shutdown::Both).unwrap();
    ends(&desk, Kind::LateRequest, RELAYED);
    parked.server_sees_the_end_and_never_a_byte();
}

#[test]
fn a_websocket_passes_both_ways_on_a_connection_that_the_server_has_too() {
    const SHAKE: &str = "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n";
    let fellow = fellow(|mut connection| {
        let (head, mut reader) = head(&connection);
        assert_eq!(head, SHAKE);
        connection.write_all(SWITCH.as_bytes()).unwrap();
        let mut frame = [0; 4];
        while reader.read_exact(&mut frame).is_ok() && &frame != b"end." {
            connection.write_all(&frame).unwrap();
        }
    });
    let desk = Desk::open(relaying(&[fellow])).unwrap();
    let parked = Parked::new();
    parked.request(&desk, &[SHAKE.as_bytes(), b"soon"].concat());
    let mut client = parked.client.try_clone().unwrap();
    let mut heard = vec![0; SWITCH.len() + 4];
    client.read_exact(&mut heard).unwrap();
    assert_eq!(heard, [SWITCH.as_bytes(), b"soon"].concat());
    client.write_all(b"ping").unwrap();
    client.read_exact(&mut heard[..4]).unwrap();
    assert_eq!(&heard[..4], b"ping");
    client.write_all(b"end.").unwrap();
    assert_eq!(hear(client), "");
    parked.client.shutdown(Shutdown::Both).unwrap();
    ends(&desk, Kind::LateRequest, RELAYED);
    parked.server_sees_the_end_and_never_a_byte();
}

#[test]
fn what_is_not_http_passes_both_ways_as_it_is() {
    let fellow = fellow(|mut connection| {
        let mut hello = Vec::new();
        connection.read_to_end(&mut hello).unwrap(); // until the client's half is closed
        hello.reverse();
        connection.write_all(&hello).unwrap();
    });
    let scene = Scene::relaying(&[fellow]);
    let mut client = connected(&scene.connect(), b"\x16\x03\x01\x02\x00\x01");
    client.write_all(b"\x00\x01\xfc\x03\x03").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"\x03\x03\xfc\x01\x00\x01\x00\x02\x01\x03\x16");
    ends(&scene.desk, Kind::LateArrival, RELAYED);
}

#[test]
fn a_thousand_at_once_are_relayed() {
    let _alone = crowd();
    let fellow = fellow(echo);
    let desk = Desk::open(relaying(&[fellow])).unwrap();
    let parked: Vec<Parked> = (0..1000).map(|_| Parked::new()).collect();
    for parked in &parked {
        parked.request(&desk, &GET[..20]);
    }
    assert_eq!(desk.busy(), 1000);
    for parked in &parked {
        (&parked.client).write_all(&GET[20..]).unwrap();
    }
    for parked in parked {
        assert_eq!(hear(parked.client.try_clone().unwrap()), echoed(ASKED));
        parked.client.shutdown(Shutdown::Both).unwrap();
        parked.server_sees_the_end_and_never_a_byte();
    }
    until(|| desk.busy() == 0);
    assert_eq!(desk.served(Kind::LateRequest), Served { relayed: 1000, ..Served::default() });
}

#[test]
fn fellows_may_become_known_later_and_change() {
    let scene = Scene::relaying(&[]);
    let ask = || hear(connected(&scene.connect(), GET));
    assert_eq!(ask(), RESPONSE);
    scene.desk.relay_to(vec![as_fellow(&fellow(echo))]);
    assert_eq!(ask(), echoed(ASKED));
    let other = fellow(|mut connection| {
        head(&connection);
        connection.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    });
    scene.desk.relay_to(vec![as_fellow(&other)]);
    assert_eq!(ask(), "HTTP/1.1 204 No Content\r\n\r\n");
    scene.desk.relay_to(Vec::new());
    assert_eq!(ask(), RESPONSE);
    ends(&scene.desk, Kind::LateArrival, Served { answered: 2, relayed: 2, ..NOBODY });
    // One that is to answer does not relay, whatever it is told.
    let answers = Scene::of(Settings::answering(Duration::from_hours(1)));
    answers.desk.relay_to(vec![as_fellow(&other)]);
    assert_eq!(hear(connected(&answers.connect(), GET)), RESPONSE);
}
