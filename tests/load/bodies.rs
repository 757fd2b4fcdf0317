//! Requests with bodies: in pieces, in chunks, asked for first, or refused half way.
use super::kept_alive::{plan, run};
use super::servers::{BOUND, WHOLE, next_head, server_for_many};
use lameduck::load::{Body, Class, Framing, KeptAlivePlan, Outcome, Verdict};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const LENGTH: usize = 100_000;

fn body(framing: Framing) -> Body {
    Body {
        length: LENGTH as u64,
        pieces: NonZeroU32::new(7).unwrap(),
        pause: Duration::from_millis(2),
        framing,
        expect_continue: false,
    }
}

/// Runs one client with this body against a server that reads each request by `read`, until three are answered: the
/// outcomes, and what was read.
fn upload(body: Body, read: fn(&mut TcpStream, &str) -> Vec<u8>) -> (Vec<Outcome>, Receiver<Vec<u8>>) {
    let (bodies, read_bodies) = channel();
    let target = server_for_many(move |mut stream, _| {
        while let Some(head) = next_head(&mut stream) {
            let whole = read(&mut stream, &head);
            if bodies.send(whole).is_err() || stream.write_all(WHOLE).is_err() {
                return;
            }
        }
    });
    (run(KeptAlivePlan { body: Some(body), ..plan(target) }, |now| now.answered >= 3), read_bodies)
}

fn assert_whole(outcomes: &[Outcome], bodies: &Receiver<Vec<u8>>) {
    assert!(outcomes.iter().all(|one| one.verdict.class() == Class::Answered), "{outcomes:?}");
    assert!(outcomes[1..].iter().all(|one| one.used), "{outcomes:?}");
    let expected: Vec<u8> = (0..251).cycle().take(LENGTH).collect();
    let bodies: Vec<_> = bodies.try_iter().collect();
    assert_eq!(bodies.len(), outcomes.len());
    assert!(bodies.iter().all(|body| *body == expected), "a body is not whole");
}

fn read_length(stream: &mut TcpStream, head: &str) -> Vec<u8> {
    assert!(head.contains("Content-Length: 100000\r\n"), "{head}");
    let mut whole = vec![0; LENGTH];
    stream.read_exact(&mut whole).unwrap();
    whole
}

fn read_chunks(stream: &mut TcpStream, head: &str) -> Vec<u8> {
    assert!(head.contains("Transfer-Encoding: chunked\r\n"), "{head}");
    // The client sends nothing behind a request before it is answered.
    let mut stream = BufReader::new(stream);
    let mut whole = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        stream.read_exact(&mut chunk).unwrap();
        whole.extend_from_slice(&chunk[..size]);
        if size == 0 {
            return whole;
        }
    }
}

#[test]
fn given_a_body_in_pieces_then_it_comes_whole_and_the_latency_has_its_pauses() {
    let (outcomes, bodies) = upload(body(Framing::Length), read_length);
    assert_whole(&outcomes, &bodies);
    for one in outcomes {
        assert!(
            matches!(one.verdict, Verdict::Answered { latency, .. } if latency >= Duration::from_millis(12))
        );
    }
}

#[test]
fn given_a_body_in_chunks_then_it_comes_whole() {
    let (outcomes, bodies) = upload(body(Framing::Chunked), read_chunks);
    assert_whole(&outcomes, &bodies);
}

#[test]
fn given_a_server_that_asks_for_the_body_then_it_comes_when_it_is_asked_for() {
    let (outcomes, bodies) =
        upload(Body { expect_continue: true, ..body(Framing::Length) }, |stream, head| {
            assert!(head.contains("Expect: 100-continue\r\n"), "{head}");
            stream.set_nonblocking(true).unwrap();
            let early = stream.read(&mut [0; 1]).map_err(|error| error.kind());
            assert_eq!(early, Err(std::io::ErrorKind::WouldBlock), "the body came unasked");
            stream.set_nonblocking(false).unwrap();
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
            read_length(stream, head)
        });
    assert_whole(&outcomes, &bodies);
}

#[test]
fn given_a_server_that_never_asks_then_the_body_comes_all_the_same() {
    let (outcomes, bodies) = upload(Body { expect_continue: true, ..body(Framing::Length) }, read_length);
    assert_whole(&outcomes, &bodies);
}

/// Runs one client with this body against a server that gives `answer` behind each head: the class that every outcome
/// has, and how many bytes came behind each head.
fn answered_early(body: Body, answer: &'static [u8]) -> (Class, Vec<usize>) {
    let left = Arc::new(Mutex::new(Vec::new()));
    let leaving = Arc::clone(&left);
    let target = server_for_many(move |mut stream, _| {
        assert!(next_head(&mut stream).is_some());
        stream.write_all(answer).unwrap();
        let mut behind = Vec::new();
        // Until the client leaves, by whatever end.
        let _ = stream.read_to_end(&mut behind);
        leaving.lock().unwrap().push(behind.len());
    });
    let plan = KeptAlivePlan { body: Some(body), ..plan(target) };
    let outcomes = run(plan, |_| left.lock().unwrap().len() > 1);
    let class = outcomes[0].verdict.class();
    assert!(outcomes.iter().all(|one| one.verdict.class() == class && !one.used), "{outcomes:?}");
    let behind = left.lock().unwrap().clone();
    (class, behind)
}

#[test]
fn given_a_final_answer_instead_of_a_continue_then_no_body_is_sent_and_nobody_is_lost() {
    let late = b"HTTP/1.1 503 Late\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    // In pieces that take longer than any test.
    let body = Body { expect_continue: true, pause: BOUND * 10, ..body(Framing::Length) };
    let (class, behind) = answered_early(body, late);
    assert_eq!(class, Class::AnsweredLate);
    // The first piece may come when the answer is later than a client waits to be asked.
    assert!(behind.iter().all(|length| *length <= LENGTH / 7), "{behind:?}");
}

#[test]
fn given_an_answer_before_the_body_is_whole_then_it_counts_and_the_connection_is_left() {
    let (class, behind) = answered_early(Body { pause: BOUND * 10, ..body(Framing::Length) }, WHOLE);
    assert_eq!(class, Class::Answered);
    assert!(behind.iter().all(|length| *length <= LENGTH / 7), "{behind:?}");
}
