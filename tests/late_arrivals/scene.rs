//! A desk that accepts, and clients that are heard to the end.
use crate::ports::free_port;
use lameduck::late_arrivals::{Desk, Kind, RESPONSE, Served, Settings};
use rustix::net::listen;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

pub const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
/// Only a hang reaches it.
pub const BOUND: Duration = Duration::from_mins(1);
/// Nobody is answered for having been silent.
pub const PATIENT: Duration = Duration::from_hours(1);
/// How long a begun head is waited for, and how long a client may go on after the answer (`answer.rs`).
pub const HEAD_WITHIN: Duration = Duration::from_secs(5);
pub const LINGER: Duration = Duration::from_secs(2);

/// What became of nobody.
pub const NOBODY: Served = Served {
    open: 0,
    answered: 0,
    goaway: 0,
    alerted: 0,
    passed_on: 0,
    relayed: 0,
    cut: 0,
    closed: 0,
    gone: 0,
};

/// Crowds come one after the other: together they would need more descriptors than a process may have.
pub fn crowd() -> impl Drop {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A desk that accepts late arrivals at an address.
pub struct Scene {
    pub desk: Desk,
    pub at: SocketAddr,
}

impl Scene {
    pub fn new() -> Self {
        Self::with(PATIENT)
    }

    pub fn with(silent_grace: Duration) -> Self {
        Self::of(Settings::answering(silent_grace))
    }

    pub fn of(settings: Settings) -> Self {
        let desk = Desk::open(settings).unwrap();
        let listener = listener(true);
        desk.accept_from(&listener, None).unwrap();
        Self { desk, at: address(&listener) }
    }

    pub fn connect(&self) -> TcpStream {
        let client = TcpStream::connect(self.at).unwrap();
        client.set_read_timeout(Some(BOUND)).unwrap();
        client.set_nodelay(true).unwrap();
        client
    }

    /// A client that sends this and is answered 503.
    #[track_caller]
    pub fn answers(&self, what: &[u8]) {
        let client = self.connect();
        (&client).write_all(what).unwrap();
        assert_eq!(hear(client), RESPONSE);
        ends(&self.desk, Kind::LateArrival, Served { answered: 1, ..Served::default() });
    }
}

/// On a port where no load of another test still looks for a server that is gone.
pub fn listener(nonblocking: bool) -> OwnedFd {
    let listener = TcpListener::bind(("127.0.0.1", free_port())).unwrap();
    listen(&listener, i32::MAX).unwrap();
    listener.set_nonblocking(nonblocking).unwrap();
    listener.into()
}

pub fn address(listener: &OwnedFd) -> SocketAddr {
    TcpListener::from(listener.try_clone().unwrap()).local_addr().unwrap()
}

/// All that comes until the end of the stream, which is no reset.
#[track_caller]
pub fn hear(client: TcpStream) -> String {
    String::from_utf8(hear_bytes(client)).unwrap()
}

#[track_caller]
pub fn hear_bytes(mut client: TcpStream) -> Vec<u8> {
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).unwrap();
    heard
}

/// Waits until nobody is at the desk, and compares what became of them.
#[track_caller]
pub fn ends(desk: &Desk, kind: Kind, expected: Served) {
    assert_eq!(after(desk, kind, ended(expected)), expected);
}

/// What became of them once so many have ended and nobody is at the desk. In this order: before they come, nobody is at it either.
#[track_caller]
pub fn after(desk: &Desk, kind: Kind, count: u64) -> Served {
    until(|| ended(desk.served(kind)) >= count && desk.busy() == 0);
    desk.served(kind)
}

fn ended(served: Served) -> u64 {
    total(served) - served.open
}

pub fn total(served: Served) -> u64 {
    let Served { open, answered, goaway, alerted, passed_on, relayed, cut, closed, gone } = served;
    open + answered + goaway + alerted + passed_on + relayed + cut + closed + gone
}

#[track_caller]
pub fn until(mut fact: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !fact() {
        assert!(begin.elapsed() < BOUND, "it never came to be");
        thread::yield_now();
    }
}
