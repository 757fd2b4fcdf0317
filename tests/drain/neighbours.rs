//! Others who listen at the server's address (SO_REUSEPORT): their connections are not lameduck's to answer.
use crate::stop::KINDS;
use crate::support::halves::{answer, half_a_request};
use crate::support::load::{kept_alive_until_gone, plan, until_gone};
use crate::support::runner::runs;
use crate::support::server::{Builder, Server};
use crate::support::servers::Kind;
use crate::support::trial::trial;
use crate::support::{PATIENCE, python, wait_for};
use lameduck::sockets::discovery;
use libtest_mimic::Trial;
use std::cell::RefCell;
use std::collections::HashSet;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::Duration;

/// Between two requests of a client.
const THINK: Duration = Duration::from_millis(5);

const WHY: &str = "another process listens here too";

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_lameduck_under_a_lameduck_loses_nobody", &Ok(()), nested),
        trial(
            "a_lameduck_under_a_lameduck_loses_no_request_on_a_kept_alive_connection",
            &Ok(()),
            nested_park,
        ),
        trial("a_successor_can_bind_the_address_the_moment_that_lameduck_has_gone", &Ok(()), successor),
        trial(
            "a_neighbour_that_comes_after_the_forward_is_reached_when_lameduck_has_gone",
            &Ok(()),
            latecomer,
        ),
        trial("another_instance_that_joins_a_closed_gate_gets_its_connections", &Ok(()), joined),
    ]
}

/// The outer one's socket is at the server's address when the inner one begins to drain.
fn nested() {
    for _ in 0..runs() {
        let both = [env!("CARGO_BIN_EXE_lameduck"), "run", "--", env!("CARGO_BIN_EXE_lameduck"), "run", "--"];
        let mut server = KINDS[0].gunicorn().under(&both).start();
        let plan = plan(&server, KINDS[0].rate);
        let result = until_gone(&mut server, plan, KINDS[0].backlog, |server| server.signal(libc::SIGTERM));
        assert_eq!(result.tally.lost, 0, "{:?}", result.tally);
        let log = server.log();
        assert!(log.contains(WHY), "the inner one gated: {log}");
        assert_eq!(log.matches("outcome=drained").count(), 2, "{log}");
        assert_eq!(result.status.code(), Some(0));
    }
}

/// The outer one's park leaves nobody to the inner one, who does no harm.
fn nested_park() {
    for _ in 0..runs() {
        let both = [env!("CARGO_BIN_EXE_lameduck"), "run", "--", env!("CARGO_BIN_EXE_lameduck"), "run", "--"];
        let mut server = Kind::Gthread.builder().under(&both).start();
        let tally = kept_alive_until_gone(&mut server, 40, THINK, |server| server.signal(libc::SIGTERM));
        println!("{tally:?}");
        assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
        let log = server.log();
        assert_eq!(log.matches("outcome=drained").count(), 2, "{log}");
        assert!(log.contains("late_requests_answered=40"), "the outer one has parked them all: {log}");
        assert_eq!(server.try_wait().and_then(|status| status.code()), Some(0));
    }
}

/// As long as somebody is answered the address is taken, as by the server itself.
fn successor() {
    let mut server = KINDS[0].gunicorn().under_lameduck(&[]).start();
    let address = server.address();
    let client = half_a_request(("127.0.0.1", address.port()));
    server.signal(libc::SIGTERM);
    wait_for("the gate", || server.log().contains("gate closed").then_some(()));
    let late = answer(half_a_request(("127.0.0.1", address.port())));
    assert!(late.starts_with("HTTP/1.1 503 "), "{late}");
    let refused = TcpListener::bind(address).expect_err("a listener beside lameduck's").kind();
    assert_eq!(refused, ErrorKind::AddrInUse);
    assert!(answer(client).starts_with("HTTP/1.1 200 "));
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    // std sets SO_REUSEADDR, as servers do: connections in TIME_WAIT keep nobody away.
    TcpListener::bind(address).expect("the address is free");
}

/// Until then its clients are told 503, as all late arrivals.
fn latecomer() {
    let mut server = Kind::Gthread.builder().under_lameduck(&["--in-flight-timeout", "1ms"]).start();
    let port = server.address().port();
    let client = half_a_request(("127.0.0.1", port));
    server.signal(libc::SIGTERM);
    wait_for("the forward", || server.log().contains("forwarded").then_some(()));
    let listeners = || discovery::at(&[port], &HashSet::new()).expect("sock_diag").len();
    let before = listeners();
    let other = beside(port).start();
    wait_for("the sockets of its two workers", || (listeners() == before + 2).then_some(()));
    assert!(answer(client).starts_with("HTTP/1.1 200 "));
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    let workers = other.processes();
    for _ in 0..50 {
        let worker: u32 = other.get("/pid").parse().expect("a process id");
        assert!(workers.contains(&worker), "{worker} is not of {workers:?}");
    }
}

fn joined() {
    let kind = KINDS.iter().find(|kind| kind.name == "reuse-port").expect("such a kind");
    let mut server = kind.gunicorn().under_lameduck(&["--timeout", "4s"]).start();
    let port = server.address().port();
    let plan = plan(&server, kind.rate);
    let other: RefCell<Option<Server>> = RefCell::new(None);
    let result = until_gone(&mut server, plan, kind.backlog, |server| {
        server.signal(libc::SIGTERM);
        wait_for("the gate", || server.log().contains("gate closed").then_some(()));
        *other.borrow_mut() = Some(beside(port).start());
        wait_for("the gate is opened for the other", || server.log().contains(WHY).then_some(()));
    });
    assert_eq!(result.status.code(), Some(0));
    let other = other.borrow();
    assert_eq!(other.as_ref().expect("it was started").get("/"), "ok");
}

/// Another gunicorn at the same port.
fn beside(port: u16) -> Builder {
    let bind = format!("127.0.0.1:{port}");
    let args = ["--chdir", python::SERVERS, "--bind", &bind, "--workers", "2", "--reuse-port"];
    Builder::new(port, python::program("gunicorn"), args.iter().chain(&["app:application"]))
}
