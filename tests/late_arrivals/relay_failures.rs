//! Fellows that fail, and where each client is left then.
use crate::fellow::{as_fellow, echo, echoed, fellow, head, relaying};
use crate::parked::Parked;
use crate::ports::closed_port;
use crate::scene::{GET, NOBODY, Scene, address, ends, hear, listener};
use lameduck::late_arrivals::{Desk, Kind, RESPONSE, Served, Settings};
use rustix::net::sockopt::set_socket_linger;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

pub const ASKED: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
pub const ANSWERED: Served = Served { answered: 1, ..NOBODY };
pub const CUT: Served = Served { cut: 1, ..NOBODY };

/// Reads the request's head and closes without a word.
pub fn mute(connection: TcpStream) {
    head(&connection);
    drop(connection);
}

pub fn ask(scene: &Scene, request: &[u8]) -> TcpStream {
    let client = scene.connect();
    (&client).write_all(request).unwrap();
    client
}

#[test]
fn a_fellow_that_cannot_be_reached_is_left_for_the_next() {
    let scene = Scene::relaying(&[closed_port(), fellow(echo), closed_port()]);
    for _ in 0..6 {
        assert_eq!(hear(ask(&scene, GET)), echoed(ASKED));
    }
    ends(&scene.desk, Kind::LateArrival, Served { relayed: 6, ..Served::default() });
}

#[test]
fn with_no_fellow_to_be_reached_the_answer_comes_behind_the_whole_request() {
    let scene = Scene::relaying(&[closed_port()]);
    assert_eq!(hear(ask(&scene, b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello")), RESPONSE);
    ends(&scene.desk, Kind::LateArrival, ANSWERED);
    let parked = Parked::new();
    parked.request(&scene.desk, GET);
    assert_eq!(hear(parked.client.try_clone().unwrap()), RESPONSE);
    parked.client.shutdown(Shutdown::Both).unwrap();
    ends(&scene.desk, Kind::LateRequest, ANSWERED);
    parked.server_sees_the_end_and_never_a_byte();
}

#[test]
fn a_name_that_nobody_has_is_answered_and_a_name_of_this_machine_is_found() {
    let port = fellow(echo).port();
    let names = ["nobody.invalid:80".to_owned(), format!("localhost:{port}")];
    let relay_to = Some(names.iter().map(|name| name.parse().unwrap()).collect());
    let desk = Desk::open(Settings { relay_to, ..relaying(&[]) }).unwrap();
    let parked = Parked::new();
    parked.request(&desk, GET);
    assert_eq!(hear(parked.client), echoed(ASKED));
}

#[test]
fn each_connection_goes_to_the_next_fellow_in_turn() {
    let says = |word: &'static str| {
        fellow(move |mut connection| {
            head(&connection);
            write!(connection, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{word}").unwrap();
        })
    };
    let scene = Scene::relaying(&[says("a"), says("b"), says("c")]);
    let heard: String = (0..6).map(|_| hear(ask(&scene, GET)).pop().unwrap()).collect();
    assert_eq!(heard, "abcabc");
}

#[test]
fn a_fellow_that_says_nothing_leaves_what_may_be_repeated_to_be_sent_again() {
    let scene = Scene::relaying(&[fellow(mute)]);
    assert_eq!(hear(ask(&scene, GET)), RESPONSE);
    ends(&scene.desk, Kind::LateArrival, ANSWERED);
}

#[test]
fn a_fellow_that_says_nothing_may_have_done_what_must_not_be_repeated_and_the_client_is_told() {
    let scene = Scene::relaying(&[fellow(mute), fellow(echo)]);
    let heard = hear(ask(&scene, b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"));
    assert!(heard.starts_with("HTTP/1.1 502 Bad Gateway\r\n") && !heard.contains("Retry-After"), "{heard}");
    ends(&scene.desk, Kind::LateArrival, CUT);
}

/// All that comes, and that a reset ended it: what came must not be taken for the whole.
pub fn hear_the_reset(client: &TcpStream) -> Vec<u8> {
    let (mut heard, mut client) = (Vec::new(), client);
    let end = client.read_to_end(&mut heard).map_err(|error| error.kind());
    assert_eq!(end, Err(ErrorKind::ConnectionReset), "{heard:?}");
    heard
}

#[test]
fn a_fellow_that_dies_in_the_middle_resets_the_client_too() {
    for framing in ["Content-Length: 100\r\n", "Transfer-Encoding: chunked\r\n", ""] {
        let part = format!("HTTP/1.1 200 OK\r\n{framing}\r\n5\r\nhello\r\n");
        let answer = part.clone();
        let fellow = fellow(move |mut connection| {
            head(&connection);
            connection.write_all(answer.as_bytes()).unwrap();
            let mut more = [0];
            connection.read_exact(&mut more).unwrap(); // the client has the part
            set_socket_linger(&connection, Some(Duration::ZERO)).unwrap();
        });
        let desk = Desk::open(relaying(&[fellow])).unwrap();
        let parked = Parked::new();
        parked.request(&desk, b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n");
        let mut heard = vec![0; part.len()];
        (&parked.client).read_exact(&mut heard).unwrap();
        assert_eq!(heard, part.as_bytes());
        (&parked.client).write_all(b"1").unwrap();
        assert_eq!(hear_the_reset(&parked.client), b"");
        ends(&desk, Kind::LateRequest, CUT);
        parked.server_sees_the_end_and_never_a_byte();
    }
}

#[test]
fn a_fellow_that_answers_before_the_body_is_whole_is_heard() {
    const REFUSED: &str = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n";
    let scene = Scene::relaying(&[fellow(|mut connection| {
        head(&connection);
        connection.write_all(REFUSED.as_bytes()).unwrap();
    })]);
    let client = ask(&scene, b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n");
    let mut heard = vec![0; REFUSED.len()];
    (&client).read_exact(&mut heard).unwrap();
    assert_eq!(heard, REFUSED.as_bytes());
    (&client).write_all(&vec![b'x'; 1_000_000]).unwrap();
    assert_eq!(hear(client), "");
    ends(&scene.desk, Kind::LateArrival, Served { relayed: 1, ..Served::default() });
}

#[test]
fn a_client_that_resets_ends_its_relay() {
    let scene = Scene::relaying(&[fellow(|connection| {
        let (_, mut reader) = head(&connection);
        assert_eq!(reader.read(&mut [0]).unwrap_or(0), 0); // it never answers
    })]);
    let client = ask(&scene, GET);
    set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
    drop(client);
    ends(&scene.desk, Kind::LateArrival, Served { gone: 1, ..Served::default() });
}

#[test]
fn a_relay_that_comes_back_to_the_desk_is_answered() {
    let listener = listener(true);
    let itself = address(&listener);
    let desk = Desk::open(Settings { relay_to: Some(vec![as_fellow(&itself)]), ..relaying(&[]) }).unwrap();
    desk.accept_from(&listener, None).unwrap();
    let mut client = TcpStream::connect(itself).unwrap();
    client.write_all(GET).unwrap();
    assert_eq!(hear(client), RESPONSE);
    ends(&desk, Kind::LateArrival, Served { answered: 1, relayed: 1, ..Served::default() });
}
