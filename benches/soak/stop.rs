//! One stop under load that never pauses, and what came of it.
use super::kinds::Kind;
use super::lameduck_now::Seen;
use super::left;
use super::tests_support::PATIENCE;
use super::tests_support::server::Server;
use lameduck::load::{Class, Load, Outcome, Plan, Slow, Tally, capacity};
use std::fmt::Write as _;
use std::fs;
use std::num::NonZeroU64;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Times what the server can do at this moment, on this machine: its accept queue is never empty, and is not full either.
const RATE: f64 = 2.0;
/// For how long, and by how many clients, that is found out.
const PROBE: (Duration, usize) = (Duration::from_millis(300), 8);
/// More clients at once than this would keep this program so busy that it would not speak on the connections that it has.
const AT_ONCE: usize = 300;
/// A machine that does less is asked for so much all the same.
const LEAST_RATE: f64 = 100.0;
/// One request in so many keeps a worker busy for 100 ms.
const SLOW_EVERY: NonZeroU64 = NonZeroU64::new(100).expect("not 0");
/// Of a stop's connections those that the server has answered when it is told to stop; the others come after that.
const BEFORE: f64 = 0.2;
/// After the server is gone the load goes on for so long, so that whoever comes in the last instant is seen.
const TAIL: Duration = Duration::from_millis(100);
/// How often the server and lameduck's memory are looked at.
const PACE: Duration = Duration::from_millis(5);

/// What came of one stop.
pub struct Stop {
    pub kind: &'static str,
    pub tally: Tally,
    /// From TERM to lameduck's exit.
    pub took: Duration,
    /// lameduck before the load, and the most of each that was seen until its end.
    pub at_rest: Seen,
    pub peak: Seen,
    /// What should not have been: each in words.
    pub faults: Vec<String>,
}

/// Starts the server, loads it, stops it, and looks at what is left.
pub fn stop(kind: &'static Kind, connections: usize, runtime: &Runtime) -> Stop {
    let place = tempfile::tempdir().expect("a temporary directory");
    let mut server = kind.server(place.path()).start();
    let at_rest = Seen::of(server.pid());
    let Ended { outcomes, status, took, peak } =
        runtime.block_on(until_gone(&mut server, before(connections)));
    let tally = Tally::of(&outcomes);
    let mut faults = left::behind(&server, place.path());
    if (tally.lost, tally.other_answers) != (0, 0) {
        faults.push(format!("lost: {tally:?}"));
    }
    if status.code() != Some(0) {
        faults.push(format!("it ended with {status}"));
    }
    if !server.log().contains(kind.gate) {
        faults.push(format!("no {} in its log", kind.gate));
    }
    let report = fs::read_to_string(super::report_file()).unwrap_or_default();
    let _ = fs::remove_file(super::report_file());
    let parsed: serde_json::Value = serde_json::from_str(&report).unwrap_or_default();
    if parsed["outcome"] != "drained" {
        faults.push(format!("not drained: {report}"));
    }
    if faults.is_empty() {
        let _ = fs::remove_file(server.log_file());
    } else {
        note(server.log_file(), &outcomes);
    }
    Stop { kind: kind.name, tally, took, at_rest, peak, faults }
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "thousands"
)]
fn before(connections: usize) -> usize {
    (connections as f64 * BEFORE) as usize
}

struct Ended {
    outcomes: Vec<Outcome>,
    status: ExitStatus,
    took: Duration,
    peak: Seen,
}

async fn until_gone(server: &mut Server, before: usize) -> Ended {
    let mut plan = Plan {
        target: server.target(),
        rate: LEAST_RATE,
        host: "localhost".into(),
        path: "/".into(),
        slow: Some(Slow { every: SLOW_EVERY, path: "/poll?ms=100".into() }),
        pause: Duration::ZERO,
        client_timeout: PATIENCE * 2,
        at_once: AT_ONCE,
    };
    let (time, clients) = PROBE;
    plan.rate = (capacity(&plan, clients, time).await * RATE).max(LEAST_RATE);
    let load = Load::start(plan);
    while load.now().answered < before {
        assert!(load.elapsed() < PATIENCE * 2, "too few answers: {:?}", load.now());
        tokio::time::sleep(PACE).await;
    }
    let told = Instant::now();
    server.signal(libc::SIGTERM);
    let mut peak = Seen::default();
    let status = loop {
        peak = peak.or_more(Seen::of(server.pid()));
        if let Some(status) = server.try_wait() {
            break status;
        }
        assert!(told.elapsed() < PATIENCE * 2, "the server does not go");
        tokio::time::sleep(PACE).await;
    };
    let took = told.elapsed();
    tokio::time::sleep(TAIL).await;
    Ended { outcomes: load.finish(PATIENCE * 2).await, status, took, peak }
}

/// Writes who was lost, and when, behind what the server said.
fn note(log: &Path, outcomes: &[Outcome]) {
    let mut text = fs::read_to_string(log).unwrap_or_default();
    let lost = outcomes.iter().filter(|outcome| outcome.verdict.class() == Class::Lost);
    lost.for_each(|outcome| {
        let _ = writeln!(text, "{outcome:?}");
    });
    let _ = fs::write(log, text);
    eprintln!("the log of this stop: {}", log.display());
}
