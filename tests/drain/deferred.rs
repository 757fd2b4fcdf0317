//! A listener with TCP_DEFER_ACCEPT (tcp(7)): to its client a connection is open that to the server is a handshake until the
//! first byte comes. Who speaks when the gate is closed is answered.
use crate::crash::stop_and_wait_for_the_gate;
use crate::support::PATIENCE;
use crate::support::server::Server;
use crate::support::trial::trial;
use libtest_mimic::Trial;
use std::io::{Read, Write};
use std::net::TcpStream;
use tempfile::NamedTempFile;

const DEFER: &str = "import socket\n\
    def when_ready(server):\n    \
        for listener in server.LISTENERS:\n        \
            listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 30)\n";
const CLIENTS: usize = 20;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("deferred_connections_that_speak_behind_the_gate_are_answered", &Ok(()), || stopped(CLIENTS)),
        trial("deferred_connections_that_never_speak_hold_no_drain", &Ok(()), || stopped(0)),
    ]
}

/// So many of the clients speak when the gate is closed, and the others never.
fn stopped(speak: usize) {
    let mut config = NamedTempFile::with_suffix(".py").unwrap();
    config.write_all(DEFER.as_bytes()).unwrap();
    let args = ["--workers", "2", "--config", config.path().to_str().expect("UTF-8")];
    // Only a hang would reach it.
    let options = ["--timeout", "50s"];
    let mut server = Server::gunicorn("sync", &args).under_lameduck(&options).start();
    let mut clients: Vec<TcpStream> =
        (0..CLIENTS).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    stop_and_wait_for_the_gate(&server);
    for client in &mut clients[..speak] {
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    }
    let mut answered = [0, 0];
    // Each is closed when it is answered: gunicorn waits for that.
    for mut client in clients.drain(..speak) {
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an answer");
        let by_whom = usize::from(answer.starts_with("HTTP/1.1 503 "));
        assert!(by_whom == 1 || answer.starts_with("HTTP/1.1 200 "), "{answer:?}");
        answered[by_whom] += 1;
    }
    println!("{answered:?} by the server and by lameduck");
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    assert!(server.log().contains("outcome=drained gate=divert"), "{}", server.log());
}
