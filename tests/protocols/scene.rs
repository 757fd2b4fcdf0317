//! A server under lameduck, stopped while one request is in flight: until the test ends that, whoever comes is late.
use crate::support::server::Server;
use crate::support::{PATIENCE, wait_for};
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// Longer than any client of a test takes.
const TIMEOUT: &str = "5m";

/// A server behind its gate.
pub struct Stopping {
    server: Server,
    report: PathBuf,
    /// Of the request in flight, a byte of whose body has not been sent.
    held: TcpStream,
}

impl Stopping {
    /// gunicorn under `lameduck run OPTIONS`, with the gate closed.
    pub fn new(options: &[&str]) -> Self {
        let report = report_file();
        let options =
            [options, &["--gate", "divert", "--timeout", TIMEOUT, "--report", report.to_str().unwrap()]]
                .concat();
        let server = Server::gunicorn("gthread", &["--threads", "4"]).under_lameduck(&options).start();
        let mut held = TcpStream::connect(server.address()).unwrap();
        held.write_all(
            b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\nhel",
        )
        .unwrap();
        server.signal(libc::SIGTERM);
        wait_for("the gate", || server.log().contains("gate closed").then_some(()));
        Self { server, report, held }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.server.address().port()
    }

    /// The end: what became of the late arrivals, and of the request in flight.
    #[track_caller]
    pub fn late_arrivals(mut self) -> Value {
        assert!(self.server.try_wait().is_none(), "the clients were not late: {}", self.server.log());
        self.held.write_all(b"d").unwrap();
        let mut answer = String::new();
        self.held.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with("held"), "{answer}");
        assert_eq!(self.server.wait(PATIENCE).code(), Some(0));
        read(&self.report)["late_arrivals"].take()
    }
}

/// A file that no other report is written to.
pub fn report_file() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("protocols-{process}-{count}.json"))
}

/// The report in it; it is removed.
pub fn read(file: &PathBuf) -> Value {
    let report = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    fs::remove_file(file).unwrap();
    report
}
