//! Kept-alive clients: when they use a connection again, when they take another, and what they lose.
use super::ports::closed_port;
use super::servers::{BOUND, WHOLE, block_on, next_head, reset, server_for_many};
use lameduck::load::{Cause, Class, Failure, KeptAlive, KeptAlivePlan, Now, Outcome, Phase, Tally, Verdict};
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CLOSING: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const BUSY: &[u8] = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";

/// One client that thinks for a millisecond.
pub fn plan(target: SocketAddr) -> KeptAlivePlan {
    KeptAlivePlan {
        target: target.into(),
        clients: 1,
        think: Duration::from_millis(1),
        host: target.to_string(),
        path: "/{k}".into(),
        slow: None,
        body: None,
        pipeline: NonZeroUsize::MIN,
        client_timeout: BOUND,
    }
}

/// Runs `plan` until `fact`, then lets what is under way end.
pub fn run(plan: KeptAlivePlan, fact: impl Fn(Now) -> bool) -> Vec<Outcome> {
    block_on(async {
        let clients = KeptAlive::start(plan);
        let start = Instant::now();
        while !fact(clients.now()) {
            assert!(start.elapsed() < BOUND, "{:?}", clients.now());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        clients.finish(BOUND * 2).await
    })
}

pub fn failed(phase: Phase, cause: Cause) -> Verdict {
    Verdict::Failed(Failure { phase, cause })
}

/// Gives these answers, one a request, as long as there are requests.
fn answer_all(stream: &mut TcpStream, answers: &[&[u8]]) {
    for answer in answers {
        if next_head(stream).is_none() || stream.write_all(answer).is_err() {
            return;
        }
    }
}

fn answer_for_ever(mut stream: TcpStream) {
    while next_head(&mut stream).is_some() && stream.write_all(WHOLE).is_ok() {}
}

#[test]
fn given_a_server_that_keeps_alive_then_each_client_stays_on_its_connection() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let target = server_for_many(move |stream, _| {
        count.fetch_add(1, Ordering::SeqCst);
        answer_for_ever(stream);
    });
    let outcomes = run(KeptAlivePlan { clients: 3, ..plan(target) }, |now| now.answered > 30);
    assert_eq!(connections.load(Ordering::SeqCst), 3);
    assert_eq!(outcomes.iter().filter(|one| !one.used).count(), 3);
    for (one, number) in outcomes.iter().zip(0..) {
        assert_eq!((one.number, one.verdict.class()), (number, Class::Answered));
        assert!(one.started <= one.ended);
    }
}

#[test]
fn given_answers_that_end_the_connection_then_nobody_is_lost_and_another_is_taken() {
    for (answer, class) in [
        (CLOSING, Class::Answered),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", Class::Answered),
        (BUSY, Class::AnsweredLate),
    ] {
        // The server does not close: it is for the client to leave.
        let target = server_for_many(move |mut stream, _| {
            answer_all(&mut stream, &[WHOLE, answer]);
            assert_eq!(next_head(&mut stream), None, "a request behind the end");
        });
        let outcomes = run(plan(target), |now| now.answered >= 3);
        for (one, place) in outcomes.iter().zip(0..) {
            let second = place % 2 == 1;
            let expected = if second { class } else { Class::Answered };
            assert_eq!((one.used, one.verdict.class()), (second, expected), "{outcomes:?}");
        }
    }
}

#[test]
fn given_a_close_or_reset_while_the_client_thinks_then_that_is_no_loss() {
    for end in [drop, reset] {
        let target = server_for_many(move |mut stream, number| {
            if number == 0 {
                answer_all(&mut stream, &[WHOLE]);
                end(stream);
            } else {
                answer_for_ever(stream);
            }
        });
        let think = Duration::from_millis(300);
        let outcomes = run(KeptAlivePlan { think, ..plan(target) }, |now| now.answered >= 2);
        assert!(outcomes.iter().all(|one| one.verdict.class() == Class::Answered), "{outcomes:?}");
        assert!(!outcomes[0].used && !outcomes[1].used, "{outcomes:?}");
        assert!(outcomes[1].started >= outcomes[0].ended + think, "{outcomes:?}");
    }
}

#[test]
fn given_a_close_or_reset_behind_the_second_request_then_it_is_lost_on_a_used_connection() {
    for (end, cause) in [(drop as fn(TcpStream), Cause::Closed), (reset, Cause::Reset)] {
        let target = server_for_many(move |mut stream, number| {
            if number == 0 {
                answer_all(&mut stream, &[WHOLE, b""]);
                end(stream);
            } else {
                answer_for_ever(stream);
            }
        });
        let outcomes = run(plan(target), |now| now.answered >= 2);
        assert_eq!((outcomes[1].used, outcomes[1].verdict), (true, failed(Phase::Wait, cause)));
        let tally = Tally::of(&outcomes);
        assert_eq!((tally.lost, tally.lost_on_used), (1, 1), "{tally:?}");
        assert_eq!(tally.tried, tally.answered + 1);
    }
}

#[test]
fn given_a_close_behind_the_first_request_then_it_is_lost_but_on_a_new_connection() {
    let target = server_for_many(|mut stream, number| {
        if number > 0 {
            answer_for_ever(stream);
        } else {
            answer_all(&mut stream, &[b""]);
        }
    });
    let tally = Tally::of(&run(plan(target), |now| now.answered >= 1));
    assert_eq!((tally.lost, tally.lost_on_used), (1, 0), "{tally:?}");
}

#[test]
fn given_a_server_that_is_gone_then_the_client_goes_on_and_each_try_is_refused() {
    let address = closed_port();
    let outcomes = block_on(async {
        let clients = KeptAlive::start(plan(address));
        let start = Instant::now();
        // Each try ends before the next begins: three pauses between four.
        while clients.elapsed() < Duration::from_millis(60) {
            assert!(start.elapsed() < BOUND);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        clients.finish(BOUND).await
    });
    assert!(outcomes.iter().all(|one| one.verdict == failed(Phase::Connect, Cause::Refused)), "{outcomes:?}");
    for pair in outcomes.windows(2) {
        assert!(pair[1].started >= pair[0].ended + Duration::from_millis(20), "{pair:?}");
    }
}

#[test]
fn given_no_answer_when_it_is_given_up_then_the_request_has_timed_out() {
    let target = server_for_many(|mut stream, _| {
        answer_all(&mut stream, &[WHOLE, b""]);
        let _ = next_head(&mut stream);
    });
    let outcomes = block_on(async {
        let clients = KeptAlive::start(plan(target));
        let start = Instant::now();
        while clients.now().answered == 0 || clients.now().unanswered == 0 {
            assert!(start.elapsed() < BOUND, "{:?}", clients.now());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert_eq!(clients.now().open, 1);
        clients.finish(Duration::ZERO).await
    });
    assert_eq!((outcomes.len(), outcomes[1].verdict), (2, failed(Phase::Wait, Cause::TimedOut)));
    assert!(outcomes[1].used);
}
