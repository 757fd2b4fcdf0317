//! The built-in server, asked by hand: kept-alive connections, pipelining, bodies, and its plain stop.
use super::LAMEDUCK;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Generous: only a hang reaches it.
const BOUND: Duration = Duration::from_secs(30);
const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// A server with one worker, killed and reaped when the test is over.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start() -> Self {
        let mut command = Command::new(LAMEDUCK);
        command.args(["trial-server", "--workers=1", "--work=1ms", "--slow-work=50ms"]);
        let mut process = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split(['/', ',']).nth(2).unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { process, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(BOUND)).unwrap();
        stream
    }

    /// Tells it to stop and waits until it has.
    fn stop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its worker sees that its master is gone, and ends.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The next answer: its head.
fn answer(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\nanswered\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap_or_else(|error| panic!("{error}: {text:?}"));
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}

fn asked(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    answer(stream)
}

fn assert_closed(stream: &mut TcpStream) {
    assert_eq!(stream.read(&mut [0; 16]).unwrap(), 0);
}

#[test]
fn given_requests_on_one_connection_then_each_is_answered_until_the_client_asks_for_the_end() {
    let server = Server::start();
    let mut stream = server.connect();
    for _ in 0..3 {
        assert!(asked(&mut stream, GET).contains("Connection: keep-alive\r\n"));
    }
    let last = asked(&mut stream, "GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(last.contains("Connection: close\r\n"), "{last}");
    assert_closed(&mut stream);
    let mut old = server.connect();
    assert!(asked(&mut old, "GET / HTTP/1.0\r\n\r\n").contains("Connection: close\r\n"));
    assert_closed(&mut old);
}

#[test]
fn given_pipelined_requests_then_each_is_answered() {
    let server = Server::start();
    let mut stream = server.connect();
    stream.write_all(GET.repeat(5).as_bytes()).unwrap();
    for _ in 0..5 {
        answer(&mut stream);
    }
}

#[test]
fn given_bodies_then_they_are_read_before_the_answer() {
    let server = Server::start();
    let mut stream = server.connect();
    asked(&mut stream, "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
    asked(&mut stream, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    stream.write_all(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n").unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    asked(&mut stream, "ok");
    asked(&mut stream, GET);
}

#[test]
fn given_a_client_that_is_silent_or_slow_then_nobody_waits_for_it() {
    let server = Server::start();
    let _silent = server.connect();
    let mut slow = server.connect();
    slow.write_all(b"GET / HT").unwrap();
    let mut kept = server.connect();
    for _ in 0..3 {
        asked(&mut kept, GET);
        asked(&mut server.connect(), GET);
    }
    asked(&mut slow, "TP/1.1\r\n\r\n");
}

#[test]
fn given_what_is_no_http_then_the_connection_is_closed() {
    let server = Server::start();
    for text in ["nonsense\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"] {
        let mut stream = server.connect();
        stream.write_all(text.as_bytes()).unwrap();
        assert_closed(&mut stream);
    }
}

#[test]
fn given_a_plain_stop_then_its_kept_alive_connections_are_closed() {
    let mut server = Server::start();
    let mut stream = server.connect();
    asked(&mut stream, GET);
    server.stop();
    assert_closed(&mut stream);
}
