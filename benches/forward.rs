//! From the last condition turning true to the signal's arrival at the server: how long nobody is served any more
//! and nobody knows it yet.
//!
//! A server with one request in flight is drained by a real `lameduck run`. Once the gate is closed the server
//! answers. The time is from just before the server's write, which over loopback is acknowledged before it returns, to
//! SIGTERM's arrival at the server: a little too long, never too short. Both by `CLOCK_MONOTONIC`.
mod support;

use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use rustix::net::sockopt::set_tcp_quickack;
use rustix::time::{ClockId, clock_gettime};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use support::crowd::{self, Crowd};
use support::spread::Spread;
use support::{machine, table};

/// The first argument of the server; the second is what it does after its answer.
const ROLE: &str = "serve-one";
const CLOSE: &str = "close";
const KEEP: &str = "keep";
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/// The answer comes so long after the gate closed, and later by up to as much again: looks have a rhythm, which the
/// answers must not share.
const WORK: Duration = Duration::from_millis(10);
/// A drain in which something does not happen would never end.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the server does after its answer, the sockets of others, and how many drains are measured.
const CASES: [(&str, &str, usize, u32); 4] = [
    ("the server closes the last connection", CLOSE, 0, 200),
    ("the last connection comes to rest (kept alive)", KEEP, 0, 200),
    ("closes, among 20,000 other sockets", CLOSE, 20_000, 100),
    ("comes to rest, among 20,000 other sockets", KEEP, 20_000, 100),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match &arguments[1..] {
        [role, after] if role == ROLE => return serve(after == CLOSE),
        _ if crowd::held() || !machine::begin("From the last connection's end to the signal") => return,
        _ => {}
    }
    let rows = CASES.map(|(name, after, others, drains)| {
        let _crowd = Crowd::gather(others);
        let spread = Spread::of((0..drains).map(|number| drain(after, WORK + WORK * number / drains)));
        [vec![name.to_owned(), drains.to_string()], spread.cells()].concat()
    });
    table::print(&[&["µs", "drains"][..], &Spread::COLUMNS].concat(), &rows);
}

/// One drain; gives the microseconds between the client's end and the server's signal.
fn drain(after: &str, work: Duration) -> f64 {
    let mut lameduck = Lameduck::start(after);
    let port: u16 = lameduck.said("port").parse().expect("a port");
    let mut client = TcpStream::connect(("127.0.0.1", port)).expect("a connection to the server");
    client.set_read_timeout(Some(PATIENCE)).expect("SO_RCVTIMEO");
    // An acknowledgement that is put off is the client's time, not lameduck's.
    set_tcp_quickack(&client, true).expect("TCP_QUICKACK");
    client.write_all(REQUEST).expect("the request");
    lameduck.said("working");
    lameduck.signal(Signal::SIGTERM);
    lameduck.logged("gate=divert");
    std::thread::sleep(work);
    lameduck.tell_the_server();

    let mut answer = [0; ANSWER.len()];
    client.read_exact(&mut answer).expect("the answer");
    if after == CLOSE {
        assert_eq!(client.read(&mut [0]).expect("the end"), 0);
    }
    let kept = (after == KEEP).then_some(client);
    let times: Vec<i64> =
        lameduck.said("times").split(' ').map(|time| time.parse().expect("nanoseconds")).collect();
    let [answering, signalled] = times[..] else { panic!("two times: {times:?}") };
    assert!(signalled > answering, "signalled with a request in flight");
    assert_eq!(&answer, ANSWER);
    assert!(lameduck.process.wait().expect("our own child").success());
    drop(kept);
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    let microseconds = (signalled - answering) as f64 / 1000.0;
    microseconds
}

/// `lameduck run` with the server below it; ended when dropped.
struct Lameduck {
    process: Child,
    stdout: Box<dyn BufRead>,
    stderr: Box<dyn BufRead>,
}

impl Lameduck {
    fn start(after: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_lameduck"))
            .args(["run", "--settle", "0", "--lame-duck", "0", "--"])
            .arg(std::env::current_exe().expect("this program"))
            .args([ROLE, after])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("lameduck");
        let stdout = Box::new(BufReader::new(process.stdout.take().expect("its stdout")));
        let stderr = Box::new(BufReader::new(process.stderr.take().expect("its stderr")));
        Self { process, stdout, stderr }
    }

    /// The next line of the server, which begins with this word; gives the rest.
    fn said(&mut self, word: &str) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line of the server");
        let rest = line.strip_prefix(word).unwrap_or_else(|| panic!("no {word:?}: {line:?}"));
        rest.trim().to_owned()
    }

    /// Waits for a line with this word in lameduck's log.
    fn logged(&mut self, word: &str) {
        let mut log = String::new();
        while !log.contains(word) {
            let length = self.stderr.read_line(&mut log).expect("lameduck's log");
            assert!(length > 0, "no {word:?} in the log: {log}");
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.process.id()).expect("a process id");
        kill(Pid::from_raw(pid), signal).expect("a child that is not reaped yet");
    }

    fn tell_the_server(&mut self) {
        if let Err(error) = self.process.stdin.as_mut().expect("its stdin").write_all(b".") {
            let mut log = String::new();
            let _ = self.stderr.read_to_string(&mut log);
            panic!("the server is gone with a request in flight: {error}\n{log}");
        }
    }
}

impl Drop for Lameduck {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|status| status.is_none()) {
            // The server ends with its standard input.
            drop(self.process.stdin.take());
            let _ = self.process.wait();
        }
    }
}

/// The server: answers one request when told to on its standard input, and says when it did and when SIGTERM arrived.
fn serve(close: bool) {
    let stop = SigSet::from(Signal::SIGTERM);
    stop.thread_block().expect("a signal mask"); // before the thread below, which inherits it
    let (answers, answered) = mpsc::channel();
    std::thread::spawn(move || {
        stop.wait().expect("SIGTERM");
        let signalled = now_ns();
        let answering: i64 = answered.recv().expect("an answer, sooner or later");
        println!("times {answering} {signalled}");
        std::process::exit(0);
    });
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    println!("port {}", listener.local_addr().expect("its address").port());
    let (mut connection, _) = listener.accept().expect("a client");
    connection.read_exact(&mut [0; REQUEST.len()]).expect("its request");
    println!("working");
    let mut told = std::io::stdin();
    told.read_exact(&mut [0]).expect("the word to answer");
    let answering = now_ns();
    connection.write_all(ANSWER).expect("a client that waits");
    let kept = (!close).then_some(connection);
    answers.send(answering).expect("the thread above");
    let _ = told.read_to_end(&mut Vec::new());
    drop(kept);
}

fn now_ns() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}
