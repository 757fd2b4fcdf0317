//! Late requests: on a connection that the server has too, with its mark up. The client has its answer, and the server
//! sees the end of the connection and never a byte.
use crate::parked::Parked;
use crate::scene::{GET, LINGER, NOBODY, PATIENT, crowd, ends, hear, until};
use lameduck::late_arrivals::{Desk, Kind, RESPONSE, Served, Settings};
use rustix::net::sockopt::set_socket_linger;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

const BODY: usize = 1_000_000;
/// Between two pieces of a body a client may be silent for so long (`hearing.rs`).
const PIECE_WITHIN: Duration = Duration::from_secs(5);

fn desk() -> Desk {
    Desk::open(Settings::answering(PATIENT)).unwrap()
}

const ANSWERED: Served = Served { answered: 1, ..NOBODY };
const GONE: Served = Served { gone: 1, ..NOBODY };

/// A client that sends these pieces, the first of which is taken from the server, and is answered this.
#[track_caller]
fn answers(pieces: &[&[u8]], expected: &str) {
    let (desk, parked) = (desk(), Parked::new());
    parked.request(&desk, pieces[0]);
    for piece in &pieces[1..] {
        thread::sleep(Duration::from_millis(3)); // what the client does, not what is waited for
        (&parked.client).write_all(piece).unwrap();
    }
    assert_eq!(hear(parked.client.try_clone().unwrap()), expected);
    parked.client.shutdown(Shutdown::Both).unwrap();
    ends(&desk, Kind::LateRequest, ANSWERED);
    parked.server_sees_the_end_and_never_a_byte();
}

#[test]
fn a_request_that_was_taken_whole_is_answered() {
    answers(&[GET], RESPONSE);
    answers(&[b"GET / HTTP/1.0\r\n\r\n"], RESPONSE);
}

#[test]
fn a_request_in_slow_pieces_is_answered_when_it_is_whole() {
    let pieces: Vec<&[u8]> = GET.chunks(3).collect();
    answers(&pieces, RESPONSE);
}

#[test]
fn head_is_answered_without_a_body() {
    let (head, _) = RESPONSE.split_once("\r\n\r\n").unwrap();
    answers(&[b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"], &format!("{head}\r\n\r\n"));
}

#[test]
fn a_client_that_expects_100_continue_is_answered_at_once() {
    answers(&[b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"], RESPONSE);
}

#[test]
fn what_is_pipelined_behind_is_read_away() {
    answers(&[&GET.repeat(100)], RESPONSE);
    answers(&[GET, GET, GET], RESPONSE);
}

#[test]
fn a_body_in_chunks_is_read_to_its_end_before_the_answer() {
    let head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    answers(&[head, b"5\r", b"\nhello\r\n", b"0\r\nA: b\r\n", b"\r\n"], RESPONSE);
}

/// Only what was all read can be answered to a client that looks at nothing before it has sent all.
#[test]
fn a_long_body_in_pieces_is_read_to_its_end_before_the_answer() {
    let (desk, parked) = (desk(), Parked::new());
    parked.request(&desk, format!("PUT / HTTP/1.1\r\nContent-Length: {BODY}\r\n\r\n").as_bytes());
    for piece in vec![b'x'; BODY].chunks(BODY / 40) {
        assert_eq!(desk.busy(), 1);
        parked.client.set_nonblocking(true).unwrap();
        let early = (&parked.client).read(&mut [0]).map_err(|error| error.kind());
        assert_eq!(early, Err(std::io::ErrorKind::WouldBlock), "no answer before the end");
        parked.client.set_nonblocking(false).unwrap();
        (&parked.client).write_all(piece).unwrap();
    }
    assert_eq!(hear(parked.client.try_clone().unwrap()), RESPONSE);
    parked.client.shutdown(Shutdown::Both).unwrap();
    ends(&desk, Kind::LateRequest, ANSWERED);
    parked.server_sees_the_end_and_never_a_byte();
}

#[test]
fn a_client_that_resets_is_gone() {
    let (desk, parked) = (desk(), Parked::new());
    parked.request(&desk, b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n1234");
    set_socket_linger(&parked.client, Some(Duration::ZERO)).unwrap();
    let Parked { client, server, flags } = parked;
    drop(client);
    ends(&desk, Kind::LateRequest, GONE);
    let other = Parked::new();
    Parked { client: other.client, server, flags }.server_sees_the_end_and_never_a_byte();
}

#[test]
fn a_client_that_stops_in_the_middle_is_answered_after_the_bound() {
    let (desk, parked) = (desk(), Parked::new());
    let begin = Instant::now();
    parked.request(&desk, b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n1234");
    assert_eq!(hear(parked.client.try_clone().unwrap()), RESPONSE);
    assert!(begin.elapsed() >= PIECE_WITHIN);
    ends(&desk, Kind::LateRequest, ANSWERED);
    assert!(begin.elapsed() >= PIECE_WITHIN + LINGER, "it has not closed");
    parked.server_sees_the_end_and_never_a_byte();
}

#[test]
fn a_client_that_pushes_without_end_is_bounded_and_cut() {
    const PUSHED: usize = 100 << 20;
    let (desk, parked) = (desk(), Parked::new());
    parked.request(&desk, format!("PUT / HTTP/1.1\r\nContent-Length: {PUSHED}\r\n\r\n").as_bytes());
    let piece = vec![b'x'; 1 << 16];
    let mut sent = 0;
    while sent < PUSHED && (&parked.client).write_all(&piece).is_ok() {
        sent += piece.len();
    }
    // 16 MiB before the answer, as many behind it, and what the kernel holds.
    assert!((16 << 20..PUSHED).contains(&sent), "{sent}");
    ends(&desk, Kind::LateRequest, ANSWERED);
    parked.server_sees_the_end_and_never_a_byte();
}

#[test]
fn a_server_that_shuts_the_connection_down_itself_leaves_nobody_busy() {
    let (desk, parked) = (desk(), Parked::new());
    parked.request(&desk, &GET[..10]);
    rustix::net::shutdown(&parked.server, rustix::net::Shutdown::Both).unwrap();
    until(|| desk.busy() == 0);
    assert_eq!(hear(parked.client.try_clone().unwrap()), "");
    parked.server_sees_the_end_and_never_a_byte();
}

#[test]
fn a_thousand_at_once_are_all_answered() {
    let _alone = crowd();
    let desk = desk();
    let parked: Vec<Parked> = (0..1000).map(|_| Parked::new()).collect();
    for parked in &parked {
        parked.request(&desk, &GET[..20]);
    }
    assert_eq!(desk.busy(), 1000);
    for parked in &parked {
        (&parked.client).write_all(&GET[20..]).unwrap();
    }
    for parked in parked {
        assert_eq!(hear(parked.client.try_clone().unwrap()), RESPONSE);
        parked.client.shutdown(Shutdown::Both).unwrap();
        parked.server_sees_the_end_and_never_a_byte();
    }
    ends(&desk, Kind::LateRequest, Served { answered: 1000, ..Served::default() });
}
