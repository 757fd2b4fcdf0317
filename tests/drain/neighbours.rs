//! Others who listen at the server's address (SO_REUSEPORT): their connections are not lameduck's to answer.
use crate::stop::KINDS;
use crate::support::load::{plan, until_gone};
use crate::support::runner::runs;
use crate::support::server::{Builder, Server};
use crate::support::trial::trial;
use crate::support::{python, wait_for};
use libtest_mimic::Trial;
use std::cell::RefCell;

const WHY: &str = "another process listens here too";

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_lameduck_under_a_lameduck_loses_nobody", &Ok(()), nested),
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
