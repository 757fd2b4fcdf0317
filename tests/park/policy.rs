//! What is chosen: relay to a fellow, park later; and a server that lingers by itself, gunicorn's gthread.
use crate::odd::Odd;
use crate::servers::{plan, stopped_under_load};
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::{PATIENCE, wait_for};
use crate::talk::{ask, busy, is_answered, is_at_its_end, kept_alive};
use lameduck::load::KeptAlivePlan;
use lameduck::sockets::mark::RAISED;
use libtest_mimic::Trial;
use std::thread;
use std::time::{Duration, Instant};

/// What `--park-after` is.
const AFTER: Duration = Duration::from_secs(1);
/// How long a client thinks while gthread stops: longer than lameduck waits for a server that closes at once (250 ms).
const THINKS: Duration = Duration::from_millis(500);

pub fn trials() -> Vec<Trial> {
    vec![
        trial("with_a_fellow_no_kept_alive_client_is_lost_or_told", &Ok(()), relay),
        trial("park_after_leaves_late_requests_to_the_server_until_then", &Ok(()), park_after),
        trial("gthread_answers_by_itself_what_comes_after_the_forward", &Ok(()), gthread),
    ]
}

fn relay() {
    let fellow = Odd::start("polite", &[]);
    let to = fellow.server.address().to_string();
    let mut odd = Odd::start("polite", &["--late-arrivals", "relay", "--relay-to", &to]);
    let plan =
        KeptAlivePlan { clients: 40, think: Duration::from_millis(10), path: "/?ms=20".into(), ..plan(&odd) };
    let tally = stopped_under_load(&mut odd, plan);
    let report = odd.end();
    println!("{tally:?}; {}", report["late_requests"]);
    assert_eq!((tally.lost, tally.answered_late, tally.other_answers), (0, 0, 0), "{tally:?}");
    assert!(report["late_requests"]["relayed"].as_u64() > Some(0), "{report}");
    let latency = tally.latency_ms.expect("answers");
    println!("latency of all: p50 {} ms, p99 {} ms", latency.p50, latency.p99);
    assert!(latency.p99 < 5000.0, "{latency:?}");
}

fn park_after() {
    let mut odd = Odd::start("polite", &["--park-after", "1s"]);
    let mut idle = kept_alive(odd.server.address(), 2);
    let mut working = busy(&odd);
    let stopped = Instant::now();
    odd.server.signal(libc::SIGTERM);
    odd.logs("gate closed");
    // Within the second after it: a request is the server's, on a machine that is not asleep.
    assert_eq!(ask(&mut idle[0], "/").expect("the server's answer"), (200, false, "ok".into()));
    wait_for("a mark to be up", || odd.marks().contains(&RAISED).then_some(()));
    assert!(stopped.elapsed() >= AFTER, "parked after {:?} already", stopped.elapsed());
    wait_for("all marks to be up", || (odd.marks() == [RAISED; 3]).then_some(()));
    assert_eq!(ask(&mut idle[1], "/").expect("an answer").0, 503);
    is_answered(&mut working, &odd);
    is_at_its_end(&mut idle[0]);
    assert_eq!(odd.end()["late_requests"]["answered"], 1);
}

fn gthread() {
    let mut server = Server::gunicorn("gthread", &["--workers", "1", "--threads", "8", "--keep-alive", "30"])
        .under_lameduck(&[])
        .start();
    let mut idle = kept_alive(server.address(), 1).remove(0);
    server.signal(libc::SIGTERM);
    wait_for("the forward", || server.log().contains("forwarded").then_some(()));
    thread::sleep(THINKS);
    let (status, close, _) = ask(&mut idle, "/").expect("the server's answer");
    assert_eq!((status, close), (200, true));
    is_at_its_end(&mut idle);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
}
