//! A server that closes its listener by itself in the middle of the drain, and opens it again, shuts it down, or listens elsewhere.
use crate::crash::stop_and_wait_for_the_gate;
use crate::groups::{group, queued_when, signal};
use crate::support::halves::{answer, half_a_request};
use crate::support::load::{Result, plan, until_gone};
use crate::support::runner::runs;
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::wait_for;
use libtest_mimic::Trial;
use std::net::TcpStream;

/// New connections a second: two requests at a time of 20 ms each are a hundred.
const BELOW_CAPACITY: f64 = 20.0;
const ABOVE_CAPACITY: f64 = 90.0;
const BACKLOG: usize = 60;
/// Time for what happens in the lame duck, and for looks at it.
const LAME_DUCK: [&str; 2] = ["--lame-duck", "3s"];

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_listener_closed_and_opened_again_in_the_lame_duck_loses_nobody", &Ok(()), || {
            closed_and_opened(lame_duck, &LAME_DUCK, 1, "none has joined: EADDRINUSE");
        }),
        trial("a_listener_closed_and_opened_again_behind_the_gate_loses_nobody", &Ok(()), || {
            closed_and_opened(stop_and_wait_for_the_gate, &[], 1, "none has joined: EADDRINUSE");
        }),
        trial("a_group_of_one_closed_and_opened_again_behind_the_gate_loses_nobody", &Ok(()), || {
            closed_and_opened(stop_and_wait_for_the_gate, &[], 2, "one has joined");
        }),
        trial("a_listener_shut_down_in_the_lame_duck_ends_no_drain", &Ok(()), || {
            shut_down(lame_duck, &LAME_DUCK, 1);
        }),
        trial("a_listener_shut_down_behind_the_gate_loses_who_is_queued", &Ok(()), || {
            shut_down(stop_and_wait_for_the_gate, &[], 0);
        }),
        trial("a_listener_that_appears_in_the_lame_duck_is_gated_with_the_others", &Ok(()), appears),
    ]
}

fn lame_duck(server: &Server) {
    server.signal(libc::SIGTERM);
    wait_for("the drain", || server.log().contains("draining").then_some(()));
}

/// In flight, so that the drain waits for what the test does.
fn holder(server: &Server) -> TcpStream {
    half_a_request(("127.0.0.1", server.address().port()))
}

/// Whoever is queued at the closed one is answered by lameduck, and so is who comes then.
fn closed_and_opened(reach: fn(&Server), options: &[&str], members: usize, said: &str) {
    for _ in 0..runs() {
        let mut server = group(members, options).start();
        let holder = holder(&server);
        let plan = plan(&server, ABOVE_CAPACITY);
        let result = until_gone(&mut server, plan, BACKLOG, |server| {
            reach(server);
            (0..members).for_each(|_| signal(server, libc::SIGUSR1, "one has left"));
            signal(server, libc::SIGUSR2, said);
            drop(holder);
        });
        drained(&server, &result);
        assert!(result.tally.answered_late > 0, "{result:?}");
        assert_eq!(result.tally.lost, 0, "{result:?}");
    }
}

/// It empties its queue itself, whoever holds a duplicate: who is queued is lost, and in the lame duck whoever is on the way there.
fn shut_down(reach: fn(&Server), options: &[&str], on_the_way: u64) {
    for _ in 0..runs() {
        let mut server = group(1, options).start();
        let holder = holder(&server);
        let mut plan = plan(&server, BELOW_CAPACITY);
        plan.slow = None;
        let result = until_gone(&mut server, plan, 1, |server| {
            reach(server);
            signal(server, libc::SIGWINCH, "one is shut down");
            // Whoever comes now is lameduck's, also before the gate closes.
            let late = answer(half_a_request(("127.0.0.1", server.address().port())));
            assert!(late.starts_with("HTTP/1.1 503 "), "{late:?}");
            drop(holder);
        });
        drained(&server, &result);
        let queued = queued_when(&server, "one is shut down");
        assert!(result.tally.lost <= queued + on_the_way, "{queued} were queued: {result:?}");
    }
}

fn drained(server: &Server, result: &Result) {
    println!("{:?}", result.tally);
    assert_eq!((result.status.code(), result.tally.other_answers), (Some(0), 0), "{result:?}");
    assert!(server.log().contains("outcome=drained"), "{}", server.log());
}

fn appears() {
    let mut server = group(1, &LAME_DUCK).start();
    let holder = holder(&server);
    lame_duck(&server);
    signal(&server, libc::SIGHUP, "also at ");
    wait_for("the gate", || server.log().contains("gate closed").then_some(()));
    let log = server.log();
    let port = log.split_once("also at ").and_then(|(_, rest)| rest.lines().next()?.parse().ok());
    let port: u16 = port.expect("its port");
    for port in [server.address().port(), port] {
        assert!(answer(half_a_request(("127.0.0.1", port))).starts_with("HTTP/1.1 503 "), "{port}");
    }
    assert!(answer(holder).starts_with("HTTP/1.1 200 "));
    assert_eq!(server.wait(crate::support::PATIENCE).code(), Some(0));
    assert!(server.log().contains("outcome=drained gate=divert"), "{}", server.log());
}
