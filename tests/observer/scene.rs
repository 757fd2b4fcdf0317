//! A server's listener, its observer, and what is expected to be seen.
use lameduck::sockets::watched::Watched;
use lameduck::sockets::{Listener, Look, Observer};
use rustix::net::sockopt::set_socket_linger;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Only a hang reaches it.
pub const BOUND: Duration = Duration::from_secs(30);
/// Longer than any test: what is silent stays young.
pub const AGES: Duration = Duration::from_hours(1);

/// Not a connection to be seen.
pub const NOTHING: Look = Look {
    queue: Some(0),
    half_open: Some(0),
    unread: Some(0),
    in_flight: Some(0),
    silent: Some(0),
    idle: Some(0),
    unknown: Some(0),
};
pub const QUEUED: Look = Look { queue: Some(1), ..NOTHING };
pub const HALF_OPEN: Look = Look { half_open: Some(1), ..NOTHING };
pub const UNREAD: Look = Look { unread: Some(1), ..NOTHING };
pub const IN_FLIGHT: Look = Look { in_flight: Some(1), ..NOTHING };
pub const SILENT: Look = Look { silent: Some(1), ..NOTHING };
pub const IDLE: Look = Look { idle: Some(1), ..NOTHING };

/// A server's listener and who looks at it.
pub struct Scene {
    pub server: TcpListener,
    pub observer: Observer,
}

impl Scene {
    /// On 127.0.0.1.
    pub fn new() -> Self {
        Self::at("127.0.0.1:0")
    }

    pub fn at(address: &str) -> Self {
        Self::of(TcpListener::bind(address).unwrap())
    }

    pub fn of(server: TcpListener) -> Self {
        let observer = observer_of([&server], false, AGES);
        Self { server, observer }
    }

    /// Where clients connect to over this address.
    pub fn by(&self, ip: &str) -> SocketAddr {
        SocketAddr::new(ip.parse().unwrap(), self.server.local_addr().unwrap().port())
    }

    /// A client and the server's end of its connection.
    pub fn accepted(&self) -> (TcpStream, TcpStream) {
        self.accepted_by("127.0.0.1")
    }

    pub fn accepted_by(&self, ip: &str) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(self.by(ip)).unwrap();
        (client, self.server.accept().unwrap().0)
    }

    /// A connection on which a request was read and answered, and the answer was read.
    pub fn answered(&self) -> (TcpStream, TcpStream) {
        let (client, server) = self.accepted();
        say(&client, b"request");
        hear(&server, 7);
        say(&server, b"answer");
        hear(&client, 6);
        (client, server)
    }

    /// Looks until this is what is seen: the kernel takes its time for the last acknowledgement.
    #[track_caller]
    pub fn comes_to_see(&mut self, expected: Look) {
        comes_to_see(&mut self.observer, expected);
    }

    /// One look, which has to be right.
    #[track_caller]
    pub fn sees(&mut self, expected: Look) {
        assert_eq!(self.observer.look(), expected);
    }
}

/// An observer of these listeners; whether it holds duplicates of them.
pub fn observer_of<'a>(
    servers: impl IntoIterator<Item = &'a TcpListener>,
    held: bool,
    silent_grace: Duration,
) -> Observer {
    let mut observer = Observer::open(silent_grace);
    watch(&mut observer, servers, held);
    observer
}

pub fn watch<'a>(observer: &mut Observer, servers: impl IntoIterator<Item = &'a TcpListener>, held: bool) {
    let watched = servers.into_iter().map(|server| {
        let duplicate = OwnedFd::from(server.try_clone().unwrap());
        let listener = Listener::of(&duplicate).unwrap();
        Watched { listener, duplicate: held.then(|| Arc::new(duplicate)) }
    });
    observer.watch(watched.collect());
}

#[track_caller]
pub fn comes_to_see(observer: &mut Observer, expected: Look) {
    let begin = Instant::now();
    let mut seen = observer.look();
    while seen != expected {
        assert!(begin.elapsed() < BOUND, "seen: {seen:?}, expected: {expected:?}");
        std::thread::yield_now();
        seen = observer.look();
    }
}

pub fn say(mut stream: &TcpStream, what: &[u8]) {
    stream.write_all(what).unwrap();
}

/// Reads so many bytes.
pub fn hear(mut stream: &TcpStream, length: usize) {
    stream.read_exact(&mut vec![0; length]).unwrap();
}

/// Writes more than the two ends' buffers hold, and gives how much it was.
pub fn say_more_than_fits(mut stream: &TcpStream) -> usize {
    stream.set_nonblocking(true).unwrap();
    let piece = vec![b'x'; 1 << 20];
    let mut written = 0;
    loop {
        match stream.write(&piece) {
            Ok(length) => written += length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return written,
            Err(error) => panic!("{error}"),
        }
    }
}

#[allow(clippy::needless_pass_by_value)] // taking it is what ends the connection
pub fn reset(stream: TcpStream) {
    set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
}
