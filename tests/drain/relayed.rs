//! TERM in the middle, with a fellow that is asked in the server's place: nobody who reached lameduck sees a 503.
use crate::stop::KINDS;
use crate::support::load::{kept_alive_until_gone, plan, until_gone};
use crate::support::namespaces::{permitted, unshare};
use crate::support::server::Server;
use crate::support::trial::trial;
use lameduck::load::Tally;
use libtest_mimic::Trial;
use serde_json::Value;
use std::io::Write as _;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::NamedTempFile;

/// Kept-alive clients, and how long each thinks between two requests.
const CLIENTS: usize = 20;
const THINK: Duration = Duration::from_millis(20);

/// What tells the C library whom to ask (resolv.conf(5)).
const RESOLVER: &str = "/etc/resolv.conf";

pub fn trials() -> Vec<Trial> {
    vec![
        trial("relayed_new_connections_see_no_503", &Ok(()), new_connections),
        trial("relayed_the_rest_sees_no_503", &Ok(()), the_rest),
        trial("relayed_late_requests_see_no_503", &Ok(()), late_requests),
        trial("a_resolver_that_hears_nothing_holds_up_no_end", &silence().map(drop), resolver_in_vain),
    ]
}

/// A name server that never answers, and its address.
fn silence() -> Result<(UdpSocket, Ipv4Addr), String> {
    permitted(unshare(&["--mount"]).args(["mount", "--bind", "/dev/null", RESOLVER]))?;
    // Not of this machine's own resolver.
    let at = Ipv4Addr::new(127, 53, 53, 53);
    UdpSocket::bind((at, 53)).map(|silent| (silent, at)).map_err(|error| format!("port 53: {error}"))
}

/// With threads to spare: what it answers, it answers at once.
fn fellow() -> Server {
    Server::gunicorn("gthread", &["--threads", "64"]).start()
}

/// What lameduck is told beside `options`, and where it will report.
fn relaying(name: &str, fellow: &Server, options: &[&str]) -> (Vec<String>, PathBuf) {
    let file = format!("relayed-{name}-{}.json", std::process::id());
    let report = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file);
    let (to, into) = (fellow.address().to_string(), report.to_str().expect("a name in UTF-8"));
    let relay = ["--late-arrivals", "relay", "--relay-to", &to, "--report", into];
    (relay.iter().chain(options).map(ToString::to_string).collect(), report)
}

fn read(report: &PathBuf) -> Value {
    let read = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    std::fs::remove_file(report).unwrap();
    read
}

/// Everybody has an answer of a server's own, or was refused before a byte was sent.
#[track_caller]
fn all_are_answered(tally: &Tally, report: &Value) {
    let others = [tally.answered_late, tally.lost, tally.other_answers, tally.not_tried];
    assert_eq!(others, [0; 4], "{tally:?} {report}");
    for kind in ["late_arrivals", "the_rest", "late_requests"] {
        let of = |ending: &str| report[kind][ending].as_u64().unwrap();
        assert_eq!([of("answered"), of("cut"), of("closed")], [0; 3], "{kind}: {report}");
    }
}

fn relayed(report: &Value, kind: &str) -> u64 {
    report[kind]["relayed"].as_u64().unwrap()
}

fn new_connections() {
    let report = stopped_under_load("new", &[]);
    assert!(relayed(&report, "late_arrivals") > 0, "the stop was not under load: {report}");
}

/// Time runs out while they are queued.
fn the_rest() {
    let report = stopped_under_load("rest", &["--timeout", "1s"]);
    assert!(relayed(&report, "the_rest") > 0, "nobody was queued when time was over: {report}");
}

/// The fellow's name is asked of nobody who answers, for longer than a test has patience: who comes late is answered, and lameduck
/// ends.
fn resolver_in_vain() {
    let (_silent, at) = silence().unwrap();
    let mut resolver = NamedTempFile::new().unwrap();
    writeln!(resolver, "nameserver {at}\noptions timeout:30 attempts:5").unwrap();
    let script = format!("mount --bind {} {RESOLVER} && exec \"$@\"", resolver.path().display());
    let lameduck = [env!("CARGO_BIN_EXE_lameduck"), "run"];
    let relay = ["--late-arrivals", "relay", "--relay-to", "fellow.invalid.:80", "--"];
    let words = [&["unshare", "--mount", "sh", "-c", &script, "sh"][..], &lameduck, &relay].concat();
    let kind = &KINDS[0];
    let mut server = kind.gunicorn().under(&words).start();
    let plan = plan(&server, kind.rate);
    let result = until_gone(&mut server, plan, kind.backlog, |server| server.signal(libc::SIGTERM));
    let (tally, log) = (&result.tally, server.log());
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?} {log}");
    assert!(tally.answered_late > 0, "{tally:?}");
    assert_eq!(result.status.code(), Some(0));
    assert!(log.contains("cannot look this fellow's name up"), "{log}");
}

/// Gives the report of a stop that nobody noticed.
fn stopped_under_load(name: &str, more: &[&str]) -> Value {
    let fellow = fellow();
    let (options, file) = relaying(name, &fellow, more);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let kind = &KINDS[0];
    let mut server = kind.gunicorn().under_lameduck(&options).start();
    let plan = plan(&server, kind.rate);
    let tally = until_gone(&mut server, plan, kind.backlog, |server| server.signal(libc::SIGTERM)).tally;
    let report = read(&file);
    all_are_answered(&tally, &report);
    report
}

fn late_requests() {
    let fellow = fellow();
    let (options, file) = relaying("late", &fellow, &[]);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let threads = ["--threads", "40", "--keep-alive", "60"];
    let mut server = Server::gunicorn("gthread", &threads).under_lameduck(&options).start();
    let tally = kept_alive_until_gone(&mut server, CLIENTS, THINK, |server| server.signal(libc::SIGTERM));
    let report = read(&file);
    all_are_answered(&tally, &report);
    assert_eq!(tally.unanswered_after_close, 0, "{tally:?}");
    assert!(relayed(&report, "late_requests") > 0, "nobody asked on a parked connection: {report}");
}
