//! The load engine against small real listeners, one for each thing that can become of a connection.
#![cfg(feature = "trial")]

use lameduck::load::{Cause, Class, Failure, Load, Local, Now, Outcome, Phase, Plan, Verdict, capacity};
use rustix::net::sockopt::set_socket_linger;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const WHOLE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
/// Generous: only a hang reaches it.
const BOUND: Duration = Duration::from_secs(30);

/// A server that does `with` each connection, one after the other.
fn server(with: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().flatten().for_each(with));
    address
}

/// A server that reads the request, writes `answer` and ends the connection by `end`.
fn answering(answer: &'static [u8], end: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    server(move |mut stream| {
        read_request(&mut stream);
        stream.write_all(answer).unwrap();
        end(stream);
    })
}

fn read_request(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
}

#[allow(clippy::needless_pass_by_value)] // taking it is what ends the connection
fn reset(stream: TcpStream) {
    // What was written before is not overtaken: the client's kernel hands out its receive queue first.
    set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
}

fn plan(target: SocketAddr) -> Plan {
    Plan {
        target,
        rate: 200.0,
        host: target.to_string(),
        path: "/".into(),
        slow: None,
        pause: Duration::ZERO,
        client_timeout: BOUND,
        at_once: 100,
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Waits for `fact` about the load.
async fn until(load: &Load, fact: impl Fn(Now) -> bool) {
    let start = Instant::now();
    while !fact(load.now()) {
        assert!(start.elapsed() < BOUND, "{:?}", load.now());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Runs `plan` until some connections have ended, then lets the others end.
fn run(plan: Plan) -> Vec<Outcome> {
    block_on(async {
        let load = Load::start(plan);
        tokio::time::sleep(Duration::from_millis(50)).await;
        load.finish(BOUND * 2).await
    })
}

fn assert_all(target: SocketAddr, phase: Phase, cause: Cause) {
    let outcomes = run(plan(target));
    assert!(!outcomes.is_empty());
    for outcome in outcomes {
        assert_eq!(outcome.verdict, Verdict::Failed(Failure { phase, cause }));
    }
}

#[test]
fn given_a_server_that_answers_then_every_connection_is_answered_and_numbered() {
    let outcomes = run(plan(answering(WHOLE, drop)));
    assert!(!outcomes.is_empty());
    for (outcome, number) in outcomes.iter().zip(0..) {
        assert_eq!((outcome.number, outcome.verdict.class()), (number, Class::Answered));
        assert!(outcome.started <= outcome.ended);
    }
}

#[test]
fn given_other_statuses_then_503_is_late_and_the_rest_is_other() {
    let of =
        |answer| run(plan(answering(answer, drop))).iter().map(|one| one.verdict.class()).collect::<Vec<_>>();
    assert!(
        of(b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n")
            .iter()
            .all(|class| *class == Class::AnsweredLate)
    );
    assert!(
        of(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n").iter().all(|class| *class == Class::OtherAnswer)
    );
    assert!(of(b"HTTP/1.1 200 OK\r\n\r\nuntil the close").iter().all(|class| *class == Class::Answered));
}

#[test]
fn given_a_closed_port_then_every_connection_is_refused() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_all(address, Phase::Connect, Cause::Refused);
}

#[test]
fn given_a_full_queue_then_there_is_no_answer_to_connect() {
    // A backlog of 0 holds one connection (sk_acceptq_is_full in include/net/sock.h); further SYNs are dropped.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let address = listener.local_addr().unwrap();
    let _queued = TcpStream::connect(address).unwrap();
    let outcomes = run(Plan { client_timeout: Duration::from_millis(300), ..plan(address) });
    let expected = Verdict::Failed(Failure { phase: Phase::Connect, cause: Cause::TimedOut });
    assert!(outcomes.iter().all(|outcome| outcome.verdict == expected), "{outcomes:?}");
    assert_eq!(expected.class(), Class::Lost);
}

#[test]
fn given_a_reset_while_the_client_pauses_then_the_phase_is_send() {
    let target = server(reset);
    let outcomes = run(Plan { pause: Duration::from_secs(3), ..plan(target) });
    let expected = Verdict::Failed(Failure { phase: Phase::Send, cause: Cause::Reset });
    // A reset may come before the client has seen that it is connected.
    assert!(outcomes.iter().all(|one| one.verdict == expected || one.verdict.class() == Class::Refused));
    assert!(outcomes.iter().any(|one| one.verdict == expected), "{outcomes:?}");
}

#[test]
fn given_an_answer_before_the_request_is_read_then_it_counts() {
    let target = server(|mut stream| {
        stream.write_all(b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    });
    let outcomes = run(Plan { pause: Duration::from_millis(300), ..plan(target) });
    assert!(outcomes.iter().all(|one| one.verdict.class() == Class::AnsweredLate), "{outcomes:?}");
}

#[test]
fn given_a_reset_after_the_request_then_the_phase_is_wait() {
    assert_all(answering(b"", reset), Phase::Wait, Cause::Reset);
}

#[test]
fn given_a_close_without_a_byte_then_the_phase_is_wait() {
    assert_all(answering(b"", drop), Phase::Wait, Cause::Closed);
}

#[test]
fn given_a_body_cut_short_then_the_phase_is_response() {
    assert_all(
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", drop),
        Phase::Response,
        Cause::Closed,
    );
}

#[test]
fn given_a_reset_in_the_body_then_the_phase_is_response() {
    let target = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", reset);
    assert_all(target, Phase::Response, Cause::Reset);
}

#[test]
fn given_something_that_is_not_http_then_it_is_malformed() {
    assert_all(answering(b"220 ready\r\n", drop), Phase::Response, Cause::Malformed);
}

#[test]
fn given_no_answer_then_the_clients_patience_ends_in_wait() {
    let (held, stream) = std::sync::mpsc::channel();
    let target = server(move |stream| held.send(stream).unwrap());
    let outcomes = run(Plan { client_timeout: Duration::from_secs(2), ..plan(target) });
    let expected = Verdict::Failed(Failure { phase: Phase::Wait, cause: Cause::TimedOut });
    assert!(!outcomes.is_empty() && outcomes.iter().all(|one| one.verdict == expected), "{outcomes:?}");
    drop(stream);
}

#[test]
fn given_no_answer_when_the_load_is_given_up_then_each_is_judged_by_its_phase() {
    let read = Arc::new(AtomicUsize::new(0));
    let (count, held) = (Arc::clone(&read), std::sync::Mutex::new(Vec::new()));
    let target = server(move |mut stream| {
        read_request(&mut stream);
        held.lock().unwrap().push(stream);
        count.fetch_add(1, Ordering::SeqCst);
    });
    let outcomes = block_on(async {
        let load = Load::start(Plan { at_once: 7, ..plan(target) });
        until(&load, |_| read.load(Ordering::SeqCst) == 7).await;
        assert_eq!(load.now().unanswered, 7);
        load.finish(Duration::ZERO).await
    });
    let expected = Verdict::Failed(Failure { phase: Phase::Wait, cause: Cause::TimedOut });
    assert!(outcomes[..7].iter().all(|one| one.verdict == expected), "{outcomes:?}");
}

#[test]
fn given_a_server_that_never_answers_then_the_load_goes_on_up_to_its_bound() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap();
    let outcomes = block_on(async {
        let load = Load::start(Plan { at_once: 20, ..plan(target) });
        until(&load, |now| now.unanswered == 20).await;
        let full = load.elapsed();
        until(&load, |_| load.elapsed() > full + Duration::from_millis(300)).await;
        drop(listener);
        load.finish(BOUND).await
    });
    let (tried, not_tried) = outcomes.split_at(20);
    assert!(tried.iter().all(|one| one.verdict.class() == Class::Lost), "{tried:?}");
    assert!(!not_tried.is_empty());
    assert!(
        not_tried.iter().all(|one| one.verdict == Verdict::NotTried(Local::TooManyAtOnce)),
        "{not_tried:?}"
    );
}

#[test]
fn given_ten_milliseconds_a_request_then_the_capacity_is_below_a_hundred_a_second() {
    let target = server(|mut stream| {
        read_request(&mut stream);
        thread::sleep(Duration::from_millis(10));
        stream.write_all(WHOLE).unwrap();
    });
    let measured = block_on(capacity(&plan(target), 4, Duration::from_millis(300)));
    assert!(measured > 0.0 && measured <= 100.0, "{measured}");
}
