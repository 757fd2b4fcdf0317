//! Several requests sent at once: each has an outcome of its own.
use super::kept_alive::{failed, plan, run};
use super::servers::{WHOLE, next_head, server_for_many};
use lameduck::load::{Body, Cause, Class, Framing, KeptAlivePlan, Outcome, Phase, Tally};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

fn three(target: SocketAddr) -> KeptAlivePlan {
    KeptAlivePlan { pipeline: NonZeroUsize::new(3).unwrap(), ..plan(target) }
}

/// Reads three requests, gives these bytes to the first connection, and then closes. Further ones are answered whole.
fn answering_three(bytes: &'static [u8]) -> SocketAddr {
    server_for_many(move |mut stream, number| {
        while (0..3).all(|_| next_head(&mut stream).is_some()) {
            if number == 0 {
                stream.write_all(bytes).unwrap();
                return;
            }
            answer_three(&mut stream);
        }
    })
}

fn answer_three(stream: &mut TcpStream) {
    // The client may have gone.
    let _ = stream.write_all(&[WHOLE, WHOLE, WHOLE].concat());
}

fn first_three(bytes: &'static [u8]) -> Vec<Outcome> {
    let outcomes = run(three(answering_three(bytes)), |now| now.answered >= 3);
    outcomes[..3].to_vec()
}

#[test]
fn given_answers_in_one_piece_then_each_request_has_its_own_and_the_connection_goes_on() {
    let target = server_for_many(|mut stream, _| {
        while (0..3).all(|_| next_head(&mut stream).is_some()) {
            answer_three(&mut stream);
        }
    });
    let outcomes = run(three(target), |now| now.answered > 6);
    assert!(outcomes.iter().all(|one| one.verdict.class() == Class::Answered), "{outcomes:?}");
    assert!(outcomes.len().is_multiple_of(3));
    let used: Vec<bool> = outcomes.iter().map(|one| one.used).collect();
    assert!(!used[..3].contains(&true) && !used[3..].contains(&false), "{used:?}");
}

#[test]
fn given_a_close_that_was_announced_then_those_behind_it_are_told_and_not_lost() {
    let outcomes = first_three(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    let classes = outcomes.iter().map(|one| one.verdict.class()).collect::<Vec<_>>();
    assert_eq!(classes, [Class::Answered, Class::UnansweredAfterClose, Class::UnansweredAfterClose]);
    let tally = Tally::of(&outcomes);
    assert_eq!((tally.tried, tally.answered, tally.unanswered_after_close, tally.lost), (3, 1, 2, 0));
}

#[test]
fn given_a_close_that_was_not_announced_then_those_behind_it_are_lost() {
    let outcomes = first_three(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(outcomes[0].verdict.class(), Class::Answered);
    for lost in &outcomes[1..] {
        assert_eq!(lost.verdict, failed(Phase::Wait, Cause::Closed));
    }
}

#[test]
fn given_an_answer_cut_short_then_it_and_those_behind_it_are_lost() {
    let outcomes = first_three(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
    let verdicts = outcomes.iter().map(|one| one.verdict).collect::<Vec<_>>();
    let behind = failed(Phase::Wait, Cause::Closed);
    assert_eq!(verdicts, [failed(Phase::Response, Cause::Closed), behind, behind]);
}

#[test]
fn given_posts_behind_an_announced_close_then_they_are_lost_for_they_may_not_be_sent_again() {
    let body = Body {
        length: 1,
        pieces: NonZeroU32::MIN,
        pause: Duration::ZERO,
        framing: Framing::Length,
        expect_continue: false,
    };
    let target = server_for_many(|mut stream, number| {
        while (0..3).all(|_| next_head(&mut stream).is_some() && stream.read_exact(&mut [0]).is_ok()) {
            if number == 0 {
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                    .unwrap();
                return;
            }
            answer_three(&mut stream);
        }
    });
    let outcomes = run(KeptAlivePlan { body: Some(body), ..three(target) }, |now| now.answered >= 4);
    assert_eq!(outcomes[0].verdict.class(), Class::Answered);
    for lost in &outcomes[1..3] {
        assert_eq!(lost.verdict, failed(Phase::Wait, Cause::Closed));
    }
}
