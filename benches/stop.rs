//! How much longer a stop under load takes than its backlog needs at the server's own rate.
//!
//! Load above the server's capacity goes on from before the stop until after the end. The server's rate is that of
//! its answers while it was saturated, up to the stop. The backlog is what stood in its accept queue at the stop, and
//! with a settle also whoever arrives during it: in all, what the server answered after the stop.
mod support;
#[path = "../tests/support/mod.rs"]
mod tests_support;

use lameduck::load::{Class, Load, Outcome, Plan};
use std::path::Path;
use std::time::{Duration, Instant};
use support::spread::Spread;
use support::{machine, table};
use tests_support::PATIENCE;
use tests_support::ports::free_port;
use tests_support::server::{Builder, Server};

/// Two workers with 20 ms a request can do 100 a second at best.
const RATE: f64 = 200.0;
const BACKLOG: usize = 200;
/// From its start until here the server warms up: not part of its rate.
const WARM_UP: Duration = Duration::from_millis(500);
const ROUNDS: usize = 3;
const PACE: Duration = Duration::from_millis(1);

/// A server's name, and how it is made.
type Kind = (&'static str, fn() -> Builder);
/// The servers, each with two workers.
const SERVERS: [Kind; 2] = [("gunicorn sync", gunicorn), ("trial-server", trial_server)];
/// What is measured, and lameduck's options.
const SETTINGS: [(&str, &[&str]); 2] = [("defaults", &[]), ("--settle 0", &["--settle", "0"])];

fn main() {
    if !machine::begin("The stop, beside what its backlog needs at the server's own rate") {
        return;
    }
    let mut rows = Vec::new();
    for (server, builder) in SERVERS {
        let idle_stop = Spread::of((0..ROUNDS).map(|_| idle_stop(builder()))).median();
        for (setting, options) in SETTINGS {
            for _ in 0..ROUNDS {
                let stop = stop_under_load(builder(), options);
                rows.push([vec![format!("{server}, {setting}")], stop.cells(idle_stop)].concat());
            }
        }
    }
    table::print(&COLUMNS, &rows);
}

fn gunicorn() -> Builder {
    Server::gunicorn("sync", &["--workers", "2"])
}

fn trial_server() -> Builder {
    let port = free_port();
    let bind = format!("127.0.0.1:{port}");
    let args = ["trial-server", "--bind", &bind, "--workers", "2", "--work", "20ms"];
    Builder::new(port, env!("CARGO_BIN_EXE_lameduck"), args)
}

/// Seconds from TERM to the end of a server that has nothing to do and nobody above it.
fn idle_stop(server: Builder) -> f64 {
    let mut server = server.start();
    let told = Instant::now();
    server.signal(libc::SIGTERM);
    while server.try_wait().is_none() {
        assert!(told.elapsed() < PATIENCE, "the server does not go");
        std::thread::sleep(PACE);
    }
    told.elapsed().as_secs_f64()
}

/// One stop; times in seconds.
struct Stop {
    /// Answers a second before the stop.
    rate: f64,
    /// In the accept queue at the stop.
    queued: f64,
    /// Answered by the server after the stop.
    answered_after: f64,
    lost: usize,
    to_forward: f64,
    to_exit: f64,
}

/// The need is what so many requests take at the server's own rate; the server's idle stop is taken off its exit.
const COLUMNS: [&str; 9] = [
    "server, options",
    "own rate, 1/s",
    "queue at TERM",
    "answered after",
    "TERM to forward, s",
    "/ need of queue",
    "/ need of answered",
    "to exit / need",
    "lost",
];

impl Stop {
    fn cells(&self, idle_stop: f64) -> Vec<String> {
        let (queue_needs, all_need) = (self.queued / self.rate, self.answered_after / self.rate);
        vec![
            format!("{:.1}", self.rate),
            format!("{:.0}", self.queued),
            format!("{:.0}", self.answered_after),
            format!("{:.2}", self.to_forward),
            format!("{:.3}", self.to_forward / queue_needs),
            format!("{:.3}", self.to_forward / all_need),
            format!("{:.3}", (self.to_exit - idle_stop) / all_need),
            self.lost.to_string(),
        ]
    }
}

fn stop_under_load(server: Builder, options: &[&str]) -> Stop {
    let report = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("stop-{}.json", std::process::id()));
    let options = [options, &["--report", report.to_str().expect("a path in UTF-8")]].concat();
    let mut server = server.under_lameduck(&options).start();
    let plan = Plan {
        target: server.address().into(),
        rate: RATE,
        host: "localhost".into(),
        path: "/".into(),
        slow: None,
        pause: Duration::ZERO,
        client_timeout: PATIENCE,
        at_once: 5000,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (stopped, ended, outcomes) = runtime.block_on(async {
        let load = Load::start(plan);
        while load.now().unanswered < BACKLOG {
            assert!(load.elapsed() < PATIENCE, "the load is below the server's capacity: {:?}", load.now());
            tokio::time::sleep(PACE).await;
        }
        let stopped = load.elapsed();
        server.signal(libc::SIGTERM);
        while server.try_wait().is_none() {
            assert!(load.elapsed() < PATIENCE, "the server does not go");
            tokio::time::sleep(PACE).await;
        }
        let ended = load.elapsed();
        (stopped, ended, load.finish(PATIENCE).await)
    });
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&report).expect("the report")).expect("JSON");
    assert_eq!((&report["gate"], &report["outcome"]), (&"divert".into(), &"drained".into()), "{report}");
    let figure = |value: &serde_json::Value| value.as_f64().unwrap_or_else(|| panic!("{report}"));
    Stop {
        rate: answered(&outcomes, WARM_UP, stopped) / stopped.saturating_sub(WARM_UP).as_secs_f64(),
        queued: figure(&report["queue"]["at_stop"]),
        answered_after: answered(&outcomes, stopped, Duration::MAX),
        lost: outcomes.iter().filter(|outcome| outcome.verdict.class() == Class::Lost).count(),
        to_forward: (figure(&report["lame_duck_ms"]) + figure(&report["gated_ms"])) / 1000.0,
        to_exit: ended.saturating_sub(stopped).as_secs_f64(),
    }
}

/// How many were answered by the server between these two moments.
#[allow(clippy::cast_precision_loss, reason = "hundreds")]
fn answered(outcomes: &[Outcome], from: Duration, to: Duration) -> f64 {
    let between = |outcome: &&Outcome| {
        outcome.verdict.class() == Class::Answered && (from..to).contains(&outcome.ended)
    };
    outcomes.iter().filter(between).count() as f64
}
