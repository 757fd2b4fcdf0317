//! Servers that get a parked connection's next request in spite of the mark: whoever they have read is answered by them, once, and
//! all others are told.
use crate::clients::underway;
use crate::odd::Odd;
use crate::servers::{CLIENTS, PROBES, plan, stopped_under_load};
use crate::support::trial::trial;
use crate::support::wait_for;
use crate::talk::{busy, get, hear, is_answered, is_at_its_end, kept_alive, raw};
use lameduck::load::{Body, Framing, KeptAlivePlan};
use libtest_mimic::Trial;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::num::NonZeroU32;
use std::thread::sleep;
use std::time::Duration;

/// More than a small buffer holds.
const LONG: usize = 300_000;
/// What clients think: otherwise there might be no instant for the forward, because the longest bodies are read in spite of the mark.
const THINKS: Duration = Duration::from_millis(100);

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_server_that_reads_with_a_timeout_is_left_alone_and_loses_nobody", &Ok(()), timed),
        trial(
            "a_server_that_blocks_with_a_timeout_while_it_reads_answers_what_it_has_read",
            &Ok(()),
            flipping,
        ),
        trial("a_server_with_the_smallest_buffer_answers_what_it_has_read", &Ok(()), || small("smallest", 0)),
        trial("a_server_with_a_small_buffer_answers_what_it_has_read", &Ok(()), || small("small", 0)),
        trial("a_server_with_a_small_buffer_answers_the_bodies_it_has_read", &Ok(()), || {
            small("small", LONG);
        }),
        trial("a_late_request_longer_than_a_small_buffer_is_the_servers", &Ok(()), longer),
        trial("clients_that_close_their_half_behind_a_late_request_are_answered_once", &Ok(()), half_closed),
    ]
}

/// Its calls block, so nothing is parked: a connection closes as with the server's own stop.
fn timed() {
    let mut odd = Odd::start("timed", &[]);
    let mut idle = kept_alive(odd.server.address(), 5);
    let mut working = busy(&odd);
    odd.server.signal(libc::SIGTERM);
    odd.logs("gate closed");
    for client in &mut idle {
        client.send(get("/").as_bytes()).expect("a request");
        assert_eq!(hear(client).expect("the server's answer").0, 200);
    }
    assert_eq!(odd.marks(), [1; 6]);
    is_answered(&mut working, &odd);
    idle.iter_mut().for_each(is_at_its_end);
    let report = odd.end();
    assert_eq!((&report["park"]["parked"], &report["park"]["blocking"]), (&0.into(), &6.into()), "{report}");
    assert_eq!(report["outcome"], "drained");
}

/// Parked while it does not block. Whatever comes while it does it reads in spite of the mark, and answers; clients that never
/// pause hold such a drain up to its limit.
fn flipping() {
    let mut odd = Odd::start("flipping", &[]);
    let mut idle = kept_alive(odd.server.address(), CLIENTS);
    let mut working = busy(&odd);
    odd.stop_and_park(CLIENTS); // the other is being worked on, and blocks
    for client in &mut idle {
        client.send(get("/").as_bytes()).expect("a late request");
    }
    let status = |client| hear(client).expect("an answer").0;
    let told = idle.iter_mut().map(status).filter(|status| *status == 503).count();
    is_answered(&mut working, &odd);
    idle.iter_mut().for_each(is_at_its_end);
    let report = odd.end();
    println!("{told} told");
    let asked = PROBES + 2 * CLIENTS as u64 + 2;
    assert_eq!(odd.said("requests read:"), (asked - told as u64).to_string(), "{report}");
    assert_eq!(
        (&report["late_requests"]["answered"], &report["outcome"]),
        (&told.into(), &"drained".into()),
        "{report}"
    );
}

fn small(manner: &str, length: usize) {
    let body = Body {
        length: length as u64,
        pieces: NonZeroU32::MIN,
        pause: Duration::ZERO,
        framing: Framing::Length,
        expect_continue: false,
    };
    let mut odd = Odd::start(manner, &[]);
    let plan = KeptAlivePlan { body: (length > 0).then_some(body), think: THINKS, ..plan(&odd) };
    let tally = stopped_under_load(&mut odd, plan);
    println!("{tally:?}");
    let report = odd.end();
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?} {report}");
    assert_eq!(odd.said("requests read:"), (tally.answered + PROBES).to_string(), "{tally:?}");
    assert_eq!(report["outcome"], "drained", "{report}");
    assert!(report["park"]["parked"].as_u64() >= Some(CLIENTS as u64), "{report}");
    assert_eq!(report["park"]["unknown"], 0, "a long body is no other protocol: {report}");
}

/// Its head waits in the buffer. Of what follows the server is woken: it would read the rest of what we had taken, and make
/// something of it.
fn longer() {
    let mut odd = Odd::start("small", &[]);
    let mut client = raw(&odd);
    let mut working = busy(&odd);
    odd.server.signal(libc::SIGTERM);
    wait_for("the marks to be up", || odd.marks().iter().all(|mark| *mark > 1).then_some(()));
    let head = format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {LONG}\r\n\r\n");
    client.write_all(head.as_bytes()).expect("a head");
    wait_for("the head to be read by somebody", || (underway(&client) == 0).then_some(()));
    client.write_all(&vec![b'x'; LONG]).expect("a body");
    let mut answer = [0; 1024];
    let length = client.read(&mut answer).expect("an answer");
    assert!(answer[..length].starts_with(b"HTTP/1.1 200 "), "{answer:?}");
    is_answered(&mut working, &odd);
    let report = odd.end();
    assert_eq!(
        (&report["late_requests"]["answered"], &report["park"]["released"]),
        (&0.into(), &1.into()),
        "{report}"
    );
}

/// A FIN wakes the server, whatever the mark.
fn half_closed() {
    let mut odd = Odd::start("polite", &[]);
    let mut clients: Vec<TcpStream> = (0..CLIENTS).map(|_| raw(&odd)).collect();
    let mut working = busy(&odd);
    odd.stop_and_park(CLIENTS + 1);
    for (number, client) in clients.iter_mut().enumerate() {
        client.write_all(get("/").as_bytes()).expect("a late request");
        // At once, and in the time for which a late request waits to be taken.
        sleep(Duration::from_millis(number as u64 * 20));
        client.shutdown(Shutdown::Write).expect("a FIN");
    }
    let (mut served, mut told) = (0, 0);
    for client in &mut clients {
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an answer, and the end");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
        match answer.get(..13) {
            Some("HTTP/1.1 200 ") => served += 1,
            Some("HTTP/1.1 503 ") => told += 1,
            _ => panic!("{answer}"),
        }
    }
    is_answered(&mut working, &odd);
    let report = odd.end();
    println!("{served} served, {told} told");
    assert_eq!((served + told, &report["late_requests"]["answered"]), (CLIENTS, &told.into()), "{report}");
    assert_eq!(report["outcome"], "drained", "{report}");
}
