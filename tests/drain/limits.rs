//! Time runs out, or somebody is in a hurry: the signal goes on, and who is queued is answered.
use crate::stop::KINDS;
use crate::support::load::{Result, plan, until_gone};
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::{self, PATIENCE};
use libtest_mimic::Trial;
use std::io::Write;
use std::net::TcpStream;
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_timeout_shorter_than_the_queue_resets_nobody", &Ok(()), || {
            ends_early(&["--timeout", "1s"], "timed-out", |_| ());
        }),
        trial("a_deadline_shorter_than_the_reserve_forwards_at_once_and_resets_nobody", &Ok(()), || {
            ends_early(&["--deadline", "3s"], "timed-out", |_| ());
        }),
        trial("a_second_stop_signal_is_forwarded_at_once_and_resets_nobody", &Ok(()), || {
            ends_early(&[], "skipped", |server| server.signal(libc::SIGTERM));
        }),
        trial("int_during_the_drain_is_forwarded_at_once_and_resets_nobody", &Ok(()), || {
            ends_early(&[], "skipped", |server| server.signal(libc::SIGINT));
        }),
        trial("a_server_that_does_not_stop_is_killed", &Ok(()), killed),
        trial("an_idle_server_stops_soon", &Ok(()), idle),
        trial("requests_left_by_in_flight_timeout_are_not_said_to_be_nobody", &Ok(()), in_flight_timeout),
        trial("without_proc_the_signal_arrives_and_the_reason_is_said", &own_mounts(), without_proc),
        trial("gate_none_waits_for_an_empty_queue", &Ok(()), gate_none),
    ]
}

fn term_then(server: &Server, then: impl Fn(&Server)) {
    server.signal(libc::SIGTERM);
    support::wait_for("the drain", || server.log().contains("draining").then_some(()));
    then(server);
}

/// A queue of about 4 s, and no time to wait for it.
fn ends_early(options: &[&str], outcome: &str, then: impl Fn(&Server)) {
    let mut server = KINDS[0].gunicorn().under_lameduck(options).start();
    let plan = plan(&server, 150.0);
    let Result { tally, status } = until_gone(&mut server, plan, 100, |server| term_then(server, then));
    println!("{tally:?}");
    assert_eq!(tally.lost, 0, "{tally:?}");
    assert!(tally.answered_late > 50, "the queue was not that long: {tally:?}");
    assert_eq!(status.code(), Some(0));
    assert!(server.log().contains(&format!("outcome={outcome}")), "{}", server.log());
}

fn killed() {
    let program = "import signal, socket\n\
        signal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
        listener = socket.create_server(('127.0.0.1', int(__import__('sys').argv[1])))\n\
        while True:\n\
        \x20   connection, _ = listener.accept()\n\
        \x20   connection.recv(65536)\n\
        \x20   connection.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n')\n\
        \x20   connection.close()\n";
    let port = support::ports::free_port();
    let python = support::python::program("python");
    let builder = support::server::Builder::new(port, python, ["-c", program, &port.to_string()]);
    let mut server = builder.under_lameduck(&["--kill-after", "500ms"]).start();
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(128 + libc::SIGKILL));
    assert!(server.log().contains("killing it"), "{}", server.log());
}

fn idle() {
    let mut server = KINDS[0].gunicorn().under_lameduck(&[]).start();
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    assert!(server.log().contains("outcome=drained"), "{}", server.log());
}

/// Below the server's capacity, so that the queue is empty now and then.
fn gate_none() {
    let mut server = KINDS[0].gunicorn().under_lameduck(&["--gate", "none"]).start();
    let mut plan = plan(&server, 20.0);
    plan.slow = None;
    let Result { status, .. } = until_gone(&mut server, plan, 1, |server| server.signal(libc::SIGTERM));
    assert_eq!(status.code(), Some(0));
    assert!(server.log().contains("outcome=drained gate=none"), "{}", server.log());
}

fn in_flight_timeout() {
    let mut server = KINDS[0].gunicorn().under_lameduck(&["--in-flight-timeout", "50ms"]).start();
    // Given: a request that its client never finishes.
    let mut client = TcpStream::connect(server.address()).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    server.signal(libc::SIGTERM);
    support::wait_for("the forward", || server.log().contains("forwarded").then_some(()));
    drop(client);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    let log = server.log();
    assert!(log.contains("outcome=drained") && !log.contains("nobody was waiting"), "{log}");
}

const NO_PROC: [&str; 7] =
    ["unshare", "--mount", "--propagation", "private", "sh", "-c", "umount -l /proc && exec \"$@\""];

fn own_mounts() -> std::result::Result<(), String> {
    match Command::new(NO_PROC[0]).args(&NO_PROC[1..]).args(["sh", "true"]).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("no mounts here: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!("unshare (util-linux): {error}")),
    }
}

fn without_proc() {
    let lameduck = ["sh", env!("CARGO_BIN_EXE_lameduck"), "run", "--"];
    let mut server = KINDS[0].gunicorn().under(&[&NO_PROC[..], &lameduck].concat()).start();
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    let log = server.log();
    assert!(log.contains("no gate (cannot see the server's processes in /proc)"), "{log}");
}
