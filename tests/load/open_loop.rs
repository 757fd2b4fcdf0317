//! Fresh connections: one listener for each thing that can become of one.
use super::ports::closed_port;
use super::servers::{BOUND, WHOLE, answering, block_on, reset, server, server_for_many};
use lameduck::load::{Cause, Class, Failure, Load, Outcome, Phase, Plan, Verdict};
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

pub fn plan(target: SocketAddr) -> Plan {
    Plan {
        target: target.into(),
        rate: 200.0,
        host: target.to_string(),
        path: "/".into(),
        slow: None,
        pause: Duration::ZERO,
        client_timeout: BOUND,
        at_once: 100,
    }
}

/// Runs `plan` until some connections have ended, then lets the others end.
pub fn run(plan: Plan) -> Vec<Outcome> {
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
    let address = closed_port();
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
    let target = server_for_many(|stream, _| {
        thread::sleep(Duration::from_millis(300)); // what the server does, not what is waited for
        reset(stream);
    });
    let outcomes = run(Plan { pause: Duration::from_secs(3), ..plan(target) });
    let expected = Verdict::Failed(Failure { phase: Phase::Send, cause: Cause::Reset });
    // On a machine that is asleep a reset may come before the client has seen that it is connected.
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
