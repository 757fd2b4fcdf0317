//! `lameduck trial` as a user runs it: the real program, real servers, real signals.
#![cfg(feature = "trial")]
mod demo;
mod kept_alive;
mod matrix;
mod refusals;

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};

const LAMEDUCK: &str = env!("CARGO_BIN_EXE_lameduck");

/// `lameduck trial` with these arguments, and none of its variables set.
fn trial(args: &[&str]) -> Command {
    let mut command = Command::new(LAMEDUCK);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"LAMEDUCK_"))
    {
        command.env_remove(name);
    }
    command.arg("trial").args(args).stdin(Stdio::null());
    command
}

/// Runs a trial that has a result: its exit status and its JSON.
fn result(args: &[&str]) -> (Option<i32>, Value) {
    let Output { status, stdout, stderr } = trial(&[&["--json"], args].concat()).output().unwrap();
    let report = serde_json::from_slice(&stdout);
    let report = report.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&stderr)));
    (status.code(), report)
}

/// Runs a trial that cannot be carried out: what it says.
fn trouble(args: &[&str]) -> String {
    let Output { status, stdout, stderr } = trial(args).output().unwrap();
    assert_eq!((status.code(), stdout.len()), (Some(125), 0));
    String::from_utf8(stderr).unwrap()
}

fn count(column: &Value, name: &str) -> u64 {
    column[name].as_u64().unwrap_or_else(|| panic!("no {name} in {column}"))
}

/// Of the new connections of a column, or of its kept-alive clients' requests.
fn assert_each_is_counted_once(column: &Value) {
    let classes = ["answered", "answered_late", "refused", "lost", "unanswered_after_close", "other_answers"];
    let sum: u64 = classes.iter().map(|class| count(column, class)).sum();
    let all = if column.get("requests").is_some() { "requests" } else { "connections" };
    assert_eq!(count(column, all), sum, "{column}");
    let lost: u64 = column["lost_by"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(count(column, "lost"), lost, "{column}");
    assert!(count(column, "lost_on_used") <= lost, "{column}");
}

fn assert_nobody_listens(column: &Value) {
    let target: SocketAddr = column["target"].as_str().unwrap().parse().unwrap();
    assert!(TcpStream::connect(target).is_err(), "{column}");
}

#[test]
fn given_the_built_in_server_when_it_is_stopped_plainly_then_queued_connections_are_lost() {
    let (status, report) =
        result(&["--only", "plain", "--before", "1s", "--rate", "300/s", "--clients", "new"]);
    let column = &report["columns"][0];
    assert_eq!(
        (status, &column["name"], &report["lost_under_lameduck"]),
        (Some(0), &"plain".into(), &Value::Null)
    );
    assert_each_is_counted_once(column);
    assert!(count(column, "lost") > 0, "{column}");
    assert!(count(column, "answered") > 0, "{column}");
    assert!(count(column, "unanswered_at_stop") > 0, "{column}");
    assert_eq!((count(column, "other_answers"), count(column, "processes_left")), (0, 0), "{column}");
    assert_eq!((&column["exit"], &column["killed"]), (&"exit status: 0".into(), &false.into()));
    assert_nobody_listens(column);
}

#[test]
fn given_lameduck_then_nobody_is_lost_and_the_exit_status_says_so() {
    let (status, report) = result(&["--only", "lameduck", "--before", "1s", "--rate", "300/s"]);
    let column = &report["columns"][0];
    assert_eq!((&column["name"], &column["lameduck"]), (&"lameduck".into(), &true.into()));
    assert_each_is_counted_once(column);
    assert_eq!((count(column, "lost"), &report["lost_under_lameduck"]), (0, &0.into()), "{column}");
    assert!(count(column, "answered_late") > 0, "the stop was not under load: {column}");
    assert_eq!(status, Some(0));
    assert_nobody_listens(column);
}

#[test]
fn given_a_lameduck_that_loses_somebody_then_the_exit_status_says_so() {
    // Without a gate, and with less time than the queue needs.
    let mut trial = trial(&["--json", "--only", "lameduck", "--before", "1s", "--rate", "300/s"]);
    let output = trial.env("LAMEDUCK_GATE", "none").env("LAMEDUCK_TIMEOUT", "500ms").output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["lost_under_lameduck"].as_u64().unwrap() > 0, "{report}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn given_a_server_of_the_users_own_then_its_port_is_found_and_its_capacity_measured() {
    let own = ["--only", "plain", "--before", "1s", "--", LAMEDUCK, "trial-server", "--work", "10ms"];
    let (status, report) = result(&own);
    assert_eq!((status, &report["server"]["built_in"]), (Some(0), &false.into()));
    let capacity = report["load"]["capacity_per_second"].as_f64().unwrap();
    // Two workers that sleep 10 ms give no more than 200 answers a second.
    assert!(capacity > 0.0 && capacity <= 200.0, "{capacity}");
    let rate = report["load"]["rate_per_second"].as_f64().unwrap();
    assert!((rate - 1.3 * capacity).abs() < 1e-6, "{rate}");
    assert!(count(&report["columns"][0], "answered") > 0);
}

#[test]
fn given_slow_requests_and_pauses_then_the_table_and_the_load_have_them() {
    let (_, report) = result(&[
        "--only=plain",
        "--before=1s",
        "--slow-every=4",
        "--slow-work=100ms",
        "--pause=20ms",
        "--stop-signal=QUIT",
    ]);
    let load = &report["load"];
    assert_eq!(
        (&load["slow_every"], &load["slow_path"], &load["pause_ms"]),
        (&4.into(), &"/slow".into(), &20.into())
    );
    assert_eq!(load["stop_signal"], "SIGQUIT");
    // Two workers, 40 ms a request on average.
    assert!((load["capacity_per_second"].as_f64().unwrap() - 50.0).abs() < 1e-6, "{load}");
    let slowest = report["columns"][0]["latency_ms"]["max"].as_f64().unwrap();
    assert!(slowest >= 100.0, "{report}");
}

#[test]
fn given_a_supervisor_that_replaces_itself_then_it_has_a_column_before_lameducks() {
    let (_, report) = result(&["--before", "500ms", "--supervisor", "env 'A=b c'"]);
    let names: Vec<_> = report["columns"].as_array().unwrap().iter().map(|column| &column["name"]).collect();
    assert_eq!(names, ["plain", "env", "lameduck"]);
    assert!(count(&report["columns"][1], "answered") > 0);
}

#[test]
fn given_a_supervisor_that_leaves_its_server_behind_then_that_is_reported_and_ended() {
    let supervisor = r#"sh -c '"$@"; exit' sh"#;
    let (_, report) = result(&["--only=plain", "--before=500ms", "--limit=20s", "--supervisor", supervisor]);
    let column = &report["columns"][1];
    assert_eq!((&column["name"], &column["exit"]), (&"sh".into(), &"signal: 15 (SIGTERM)".into()));
    // The master and its two workers.
    assert_eq!(count(column, "processes_left"), 3, "{column}");
    assert_nobody_listens(column);
}

#[test]
fn given_a_server_that_does_not_stop_then_it_is_killed_at_the_limit_and_said_so() {
    let (_, report) = result(&["--only=plain", "--before=200ms", "--limit=1s", "--stop-signal=CONT"]);
    let column = &report["columns"][0];
    assert_eq!((&column["killed"], &column["exit"]), (&true.into(), &"signal: 9 (SIGKILL)".into()));
    assert!(count(column, "stop_ms") >= 1000, "{column}");
    assert_nobody_listens(column);
}

#[test]
fn given_an_interrupt_then_the_server_is_ended() {
    let mut command = trial(&["--only=plain", "--before=1h", "--verbose"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let listening = lines.next().unwrap();
    let target = listening.split(['/', ',']).nth(2).unwrap().to_owned();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();

    assert_eq!(child.wait().unwrap().code(), Some(125));
    let said: Vec<String> = lines.collect();
    assert!(said.iter().any(|line| line.contains("interrupted")), "{said:?}");
    assert!(TcpStream::connect(&target).is_err(), "{target}");
}

#[test]
fn given_somebody_elses_server_at_the_url_then_nothing_is_sent() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", other.local_addr().unwrap());
    assert!(trouble(&["--url", &url, "--", "true"]).contains("already listens"));
}
