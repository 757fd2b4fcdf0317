//! A container that is given next to nothing: no process more, a twentieth of a processor.
use crate::stop::KINDS;
use crate::support::control_group::ControlGroup;
use crate::support::load::{kept_alive_until_gone, plan, until_gone};
use crate::support::ports::free_port;
use crate::support::server::{Builder, Server};
use crate::support::trial::trial;
use crate::support::{PATIENCE, python};
use lameduck::load::Plan;
use libtest_mimic::Trial;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Kept-alive clients, and how long each thinks between two requests.
const CLIENTS: usize = 20;
const THINK: Duration = Duration::from_millis(20);
/// A fifth of a second for each, one after the other.
const BLOCKING: &str = "
import socket, sys, time
listener = socket.create_server(('127.0.0.1', int(sys.argv[1])), backlog=64)
while True:
    connection, _ = listener.accept()
    connection.recv(1024)
    time.sleep(0.2)
    connection.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n')
    connection.close()
";
/// What lameduck says then.
pub const NO_THREAD: &str = "no thread is to be had for late arrivals";

pub fn trials() -> Vec<Trial> {
    let limited = |controller| ControlGroup::limited_by(controller).map(drop);
    vec![
        trial("without_a_process_more_nobody_is_lost_and_it_is_said", &limited("pids"), no_process),
        trial("without_a_process_more_late_requests_are_answered", &limited("pids"), no_process_kept_alive),
        trial(
            "without_a_process_more_the_rest_at_a_blocking_listener_is_answered",
            &limited("pids"),
            no_process_blocking,
        ),
        trial("without_a_process_more_whose_time_is_over_is_answered", &limited("pids"), no_process_nor_time),
        trial("with_a_twentieth_of_a_processor_nobody_is_lost", &limited("cpu"), throttled),
    ]
}

/// No thread is to be had (EAGAIN), for nobody: late arrivals are answered by the one that there is.
fn no_process() {
    full_and_loaded(&[], "drained");
}

/// The rest is taken in competition with the workers.
fn no_process_nor_time() {
    let log = full_and_loaded(&["--timeout", "500ms"], "timed-out");
    assert!(!log.contains("cannot answer who is still queued"), "{log}");
}

/// Stopped under more load than the workers can do, in a group that is full; gives the log of a drain that ended so.
fn full_and_loaded(options: &[&str], outcome: &str) -> String {
    let group = ControlGroup::limited_by("pids").unwrap();
    let kind = &KINDS[0];
    let mut server = kind.gunicorn().under_lameduck(options).start();
    group.take(&server.processes());
    let plan = plan(&server, kind.rate);
    let result = until_gone(&mut server, plan, kind.backlog, |server| {
        group.let_nobody_more_in();
        server.signal(libc::SIGTERM);
    });
    let (tally, log) = (&result.tally, server.log());
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?} {log}");
    assert!(tally.answered_late > 0, "{tally:?}");
    assert_eq!(result.status.code(), Some(0));
    assert!(log.contains(NO_THREAD), "{log}");
    assert!(log.contains(&format!("outcome={outcome} gate=divert")), "{log}");
    log
}

/// Requests that come on parked connections are answered between two looks, too.
fn no_process_kept_alive() {
    let group = ControlGroup::limited_by("pids").unwrap();
    let worker = ["--workers", "2", "--keep-alive", "60"];
    let mut server = Server::gunicorn("gevent", &worker).under_lameduck(&[]).start();
    group.take(&server.processes());
    let tally = kept_alive_until_gone(&mut server, CLIENTS, THINK, |server| {
        group.let_nobody_more_in();
        server.signal(libc::SIGTERM);
    });
    let log = server.log();
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?} {log}");
    assert!(log.contains(NO_THREAD) && log.contains("outcome=drained gate=divert"), "{log}");
    assert!(!log.contains("late_requests_answered=0"), "{log}");
}

/// The server's calls block, and so would lameduck's: what it has not accepted by its end is taken then.
fn no_process_blocking() {
    let group = ControlGroup::limited_by("pids").unwrap();
    let port = free_port();
    let args = ["-c", BLOCKING, &port.to_string()];
    let options = ["--timeout", "1s", "--lame-duck", "0s"];
    let mut server = Builder::new(port, python::program("python"), args).under_lameduck(&options).start();
    group.take(&server.processes());
    group.let_nobody_more_in();
    let mut clients: Vec<TcpStream> =
        (0..CLIENTS).map(|_| TcpStream::connect(server.address()).expect("a place in the queue")).collect();
    for client in &mut clients {
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("a request");
    }
    server.signal(libc::SIGTERM);
    let answers = clients.iter_mut().map(|client| {
        let mut answer = String::new();
        let _ = client.read_to_string(&mut answer);
        answer.get(..13).unwrap_or_default().to_owned()
    });
    let answers: Vec<String> = answers.collect();
    let count = |status: &str| answers.iter().filter(|answer| answer.as_str() == status).count();
    let (served, told) = (count("HTTP/1.1 200 "), count("HTTP/1.1 503 "));
    let status = server.wait(PATIENCE);
    let log = server.log();
    // At the signal it is in the middle of one, which is its own.
    assert!(served + told >= CLIENTS - 1 && told > 0, "{served} served, {told} told: {answers:?} {log}");
    assert_eq!(status.code(), Some(128 + libc::SIGTERM), "{log}");
    assert!(log.contains("cannot answer who is still queued beside the server"), "{log}");
}

/// Stopped with somebody waiting, under a load below what the workers could do with a whole processor.
fn throttled() {
    let group = ControlGroup::limited_by("cpu").unwrap();
    let mut server = KINDS[0].gunicorn().under_lameduck(&[]).start();
    group.take(&server.processes());
    if group.has("cpu.max") {
        group.set("cpu.max", "5000 100000");
    } else {
        group.set("cpu.cfs_period_us", "100000");
        group.set("cpu.cfs_quota_us", "5000");
    }
    let plan = Plan { slow: None, ..plan(&server, 10.0) };
    let result = until_gone(&mut server, plan, 1, |server| server.signal(libc::SIGTERM));
    assert_eq!((result.tally.lost, result.tally.other_answers), (0, 0), "{:?}", result.tally);
    assert_eq!(result.status.code(), Some(0));
    assert!(server.log().contains("outcome=drained gate=divert"), "{}", server.log());
}
