//! A thousand kept-alive connections at rest beside clients at work and new ones: the stop costs none of them anything, and takes
//! little longer for it.
use crate::http::Connection;
use crate::scene::{nobody_is_lost, plan, stopped_by_term};
use crate::support::load;
use crate::support::runner::runs;
use crate::support::server::Server;
use crate::support::servers::Kind;
use crate::support::trial::trial;
use libtest_mimic::Trial;
use serde_json::Value;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

/// Connections at rest.
const CROWD: usize = 1000;
const THINK: Duration = Duration::from_millis(5);
const WORK_MS: u32 = 20;
/// New connections a second, beside.
const RATE: f64 = 50.0;
/// Two workers that keep connections for as long as the test takes.
const GTHREAD: [&str; 8] =
    ["--workers", "2", "--threads", "64", "--keep-alive", "120", "--worker-connections", "2000"];

pub fn trials() -> Vec<Trial> {
    [Kind::Gthread, Kind::Uvicorn]
        .map(|kind| {
            let name = format!("{}_with_a_thousand_at_rest_loses_nobody_at_work", kind.name());
            trial(&name, &enough_descriptors(), move || crowd(kind))
        })
        .into()
}

/// Both ends of each, and lameduck's duplicates of those that it holds across the forward.
fn enough_descriptors() -> Result<(), String> {
    let needed = 2 * CROWD as u64;
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let is_enough = limit.is_none_or(|limit| limit > needed);
    is_enough.then_some(()).ok_or_else(|| format!("needs {needed} open files (ulimit -n)"))
}

fn crowd(kind: Kind) {
    for run in 1..=runs() {
        let report =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("crowd-{}.json", std::process::id()));
        let path = report.to_str().expect("a path in UTF-8");
        let builder = match kind {
            Kind::Gthread => Server::gunicorn("gthread", &GTHREAD),
            _ => kind.builder().env("UVICORN_TIMEOUT_KEEP_ALIVE", "120"),
        };
        let mut server = builder.under_lameduck(&["--report", path]).start();
        let mut at_rest: Vec<Connection> = (0..CROWD).map(|_| at_rest(&server)).collect();
        let plan = plan(&server, THINK, WORK_MS);
        let (outcome, new) = load::during(load::plan(&server, RATE), || stopped_by_term(&mut server, plan));
        nobody_is_lost(&outcome.tally);
        nobody_is_lost(&new);
        for connection in &mut at_rest {
            let end = connection.exact(&mut [0]).expect_err("nothing was asked").kind();
            assert!([ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset].contains(&end), "{end}");
        }
        let report: Value = serde_json::from_slice(&fs::read(&report).expect("a report")).expect("JSON");
        println!("run {run}: {:?}; {report}", outcome.tally);
        assert_eq!(report["outcome"], "drained", "it went by time: {report}");
        assert!(report["park"]["parked"].as_u64() >= Some(CROWD as u64), "not all were parked: {report}");
    }
}

fn at_rest(server: &Server) -> Connection {
    let mut connection = Connection::open(server.address()).expect("a connection");
    connection.send(b"GET /pid HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("a request");
    let head = connection.final_head().expect("an answer");
    connection.body(head.framing, |_| ()).expect("its body");
    connection
}
