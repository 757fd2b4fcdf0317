//! Drains of a real server under load that never pauses: it is refused from one instant to the next, and nobody is lost.
use crate::support::load::{plan, until_gone};
use crate::support::ports::free_port;
use crate::support::process::kill;
use crate::support::server::{Builder, Server};
use crate::support::trial::trial;
use crate::support::{PATIENCE, finish, lameduck, python, wait_for};
use crate::tables::tables;
use lameduck::sockets::counters::passive_opens;
use libtest_mimic::Trial;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType, connect, ipproto, socket};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;

/// Two workers, 20 ms a request and one in 25 half a second.
pub const WORKERS: [&str; 2] = ["--workers", "2"];
const RATE: f64 = 90.0;
const BACKLOG: usize = 60;
/// Threads, so that one who sends half of a request keeps nobody else waiting.
pub const THREADS: [&str; 4] = ["--workers", "1", "--threads", "4"];
/// So that a drain lasts until the test has seen it.
pub const HOLDING: [&str; 4] = ["--gate", "refuse", "--timeout", "20s"];

pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let others = needs.clone().and_then(|()| python::usable_by_others()).and_then(|()| {
        let root = rustix::process::geteuid().is_root();
        if root { Ok(()) } else { Err("needs root, to give capabilities up".to_owned()) }
    });
    let multipath = needs.clone().and_then(|()| {
        mptcp_socket().map(drop).map_err(|error| format!("needs a kernel with MPTCP: {error}"))
    });
    vec![
        trial("under_load_all_are_answered_or_refused", needs, || {
            loses_nobody(&Server::gunicorn("sync", &WORKERS).under_lameduck(&HOLDING), "refuse");
        }),
        trial("a_reuse_port_group_is_refused_as_a_whole", needs, || {
            let workers = ["--workers", "2", "--reuse-port"];
            loses_nobody(&Server::gunicorn("sync", &workers).under_lameduck(&HOLDING), "refuse");
        }),
        trial("an_mptcp_listener_is_refused_to_clients_of_both_kinds", &multipath, mptcp),
        trial("in_kubernetes_auto_refuses", needs, || loses_nobody(&in_kubernetes(), "refuse")),
        trial("in_kubernetes_without_the_capability_auto_diverts", &others, || {
            loses_nobody(&in_kubernetes().unprivileged(), "divert");
        }),
        trial("without_the_capability_refuse_is_an_error_before_the_server_starts", &others, error),
        trial("behind_the_gate_no_syn_is_answered_but_by_reset", needs, nobody_gets_in),
        trial("a_lameduck_that_is_killed_leaves_no_rule_and_the_next_has_its_own", needs, killed),
    ]
}

fn mptcp_socket() -> rustix::io::Result<OwnedFd> {
    socket(AddressFamily::INET, SocketType::STREAM, Some(ipproto::MPTCP))
}

fn mptcp() {
    let port = free_port();
    let script = format!("{}/group.py", python::SERVERS);
    let (port_text, protocol) = (port.to_string(), "262");
    let args = [&script, "127.0.0.1", &port_text, "1", protocol];
    let server = Builder::new(port, python::program("python"), args).under_lameduck(&HOLDING);
    loses_nobody(&server, "refuse");
    // A client that speaks MPTCP itself is refused as well.
    let mut server = server.start();
    let mut holder = TcpStream::connect(server.address()).unwrap();
    holder.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    server.signal(libc::SIGTERM);
    wait_for("the gate", || server.log().contains("gate=refuse").then_some(()));
    assert_eq!(connect(mptcp_socket().unwrap(), &server.address()), Err(Errno::CONNREFUSED));
    holder.write_all(b"\r\n").unwrap();
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
}

fn in_kubernetes() -> Builder {
    let quick = ["--lame-duck", "0", "--settle-timeout", "300ms"];
    Server::gunicorn("sync", &WORKERS).under_lameduck(&quick).env("KUBERNETES_SERVICE_HOST", "10.0.0.1")
}

fn loses_nobody(server: &Builder, gate: &str) {
    loses_nobody_of(&mut server.clone().start(), gate);
}

/// The same of one that runs.
pub fn loses_nobody_of(server: &mut Server, gate: &str) {
    let plan = plan(server, RATE);
    let result = until_gone(server, plan, BACKLOG, |server| server.signal(libc::SIGTERM));
    let tally = &result.tally;
    println!(
        "{} answered, {} late, {} refused, {} lost",
        tally.answered, tally.answered_late, tally.refused, tally.lost
    );
    assert_eq!((tally.lost, tally.other_answers, tally.not_tried), (0, 0, 0), "{tally:?}");
    assert!(tally.answered > 0 && tally.refused > 0, "{tally:?}");
    assert_eq!(tally.answered_late > 0, gate == "divert", "{tally:?}");
    assert_eq!(result.status.code(), Some(0));
    let log = server.log();
    assert!(log.contains(&format!("gate={gate}")) && log.contains("outcome=drained"), "{log}");
    assert_eq!(tables(), Vec::<String>::new());
}

fn error() {
    let mut command = std::process::Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all"]);
    command.arg(lameduck().get_program()).args(["run", "--gate", "refuse", "--", "echo", "started"]);
    let output = finish(&mut command);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("--gate refuse: cannot refuse connections to 127.0.0.1:"), "{said}");
    assert!(said.contains("Operation not permitted") && said.contains("add the capability"), "{said}");
    assert_eq!((output.stdout.len(), output.status.code()), (0, Some(125)), "{said}");
}

/// One client holds the drain with half of a request; whoever comes meanwhile is refused.
fn nobody_gets_in() {
    let mut server = Server::gunicorn("gthread", &THREADS).under_lameduck(&HOLDING).start();
    let mut holder = TcpStream::connect(server.address()).unwrap();
    holder.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n").unwrap();
    server.signal(libc::SIGTERM);
    wait_for("the gate", || server.log().contains("gate=refuse").then_some(()));
    assert_eq!(tables().len(), 1);
    let before = passive_opens().unwrap();
    for _ in 0..200 {
        assert_eq!(TcpStream::connect(server.address()).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
    assert_eq!(passive_opens().unwrap(), before, "no handshake was completed");
    // Its own connection goes on.
    holder.write_all(b"Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    holder.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    assert_eq!(tables(), Vec::<String>::new(), "the rule is gone with it");
}

fn killed() {
    let server = Server::gunicorn("gthread", &THREADS).under_lameduck(&HOLDING).start();
    let mut holder = TcpStream::connect(server.address()).unwrap();
    holder.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n").unwrap();
    server.signal(libc::SIGTERM);
    wait_for("the gate", || server.log().contains("gate=refuse").then_some(()));
    // When: it is killed in the middle. Then: its server is reached again.
    kill(server.pid(), libc::SIGKILL);
    wait_for("the end of the rule", || tables().is_empty().then_some(()));
    assert_eq!(server.get("/"), "ok");
    // And a new start has a gate of its own, with nothing left of the old one.
    nobody_gets_in();
}
