//! Clients whose every step is the test's: requests that stay in flight until their body is sent, and connections at rest.
//! Each knows its worker, so that what a killed one takes along can be counted exactly.
use crate::crash::family;
use crate::http::Connection;
use crate::support::process::kill;
use crate::support::server::Server;
use std::io::ErrorKind;

/// Requests in flight at each worker.
const BUSY: usize = 2;
/// Connections at rest at each worker.
const IDLE: usize = 3;

/// In flight until [`ITS_REST`] comes. Its connection ends with the answer: a worker without an arbiter would keep it.
pub const HALF_A_REQUEST: &[u8] =
    b"POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 10\r\n\r\nfirst";
pub const ITS_REST: &[u8] = b"other";

/// The clients of all workers.
pub struct Cast {
    busy: Vec<Client>,
    idle: Vec<Client>,
}

struct Client {
    worker: u32,
    connection: Connection,
}

/// What became of the requests.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Heard {
    pub answered: usize,
    pub late: usize,
    pub lost: usize,
}

impl Cast {
    /// Those of each worker come while the others are stopped: nobody else can accept them.
    pub fn enter(server: &Server) -> Self {
        let workers = family(server).1;
        let mut cast = Self { busy: Vec::new(), idle: Vec::new() };
        for worker in &workers {
            let others = || workers.iter().filter(|other| *other != worker);
            others().for_each(|other| kill(*other, libc::SIGSTOP));
            cast.busy.extend((0..BUSY).map(|_| Client::of(server, *worker)));
            cast.idle.extend((0..IDLE).map(|_| Client::of(server, *worker)));
            others().for_each(|other| kill(*other, libc::SIGCONT));
        }
        for client in &mut cast.busy {
            client.connection.send(HALF_A_REQUEST).expect("a request");
        }
        cast
    }

    /// How many are in flight.
    pub fn in_flight(&self) -> usize {
        self.busy.len()
    }

    /// How many are in flight at these workers.
    pub fn in_flight_at(&self, workers: &[u32]) -> usize {
        self.busy.iter().filter(|client| workers.contains(&client.worker)).count()
    }

    /// Those who are in flight send the rest of their body, and hear.
    pub fn finish(&mut self) -> Heard {
        Heard::of(self.busy.iter_mut().map(|client| client.hears_behind(ITS_REST, "firstother")))
    }

    /// Those at rest whose worker is none of these ask, and hear.
    pub fn ask(&mut self, but: &[u32]) -> Heard {
        let living = self.idle.iter_mut().filter(|client| !but.contains(&client.worker));
        let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        Heard::of(living.map(|client| client.hears_behind(request, "ok")))
    }

    /// Those at rest go.
    pub fn leave(&mut self) {
        self.idle.clear();
    }

    /// Checks that those at rest at these workers are told of the end: none is left with a connection to nobody.
    pub fn are_told(&mut self, of: &[u32]) {
        for client in self.idle.iter_mut().filter(|client| of.contains(&client.worker)) {
            let end = client.connection.exact(&mut [0]).expect_err("nobody was asked anything").kind();
            assert!([ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset].contains(&end), "{end}");
        }
    }
}

impl Client {
    fn of(server: &Server, worker: u32) -> Self {
        let mut connection = Connection::open(server.address()).expect("a connection");
        connection.send(b"GET /pid HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("a request");
        let (status, body) = hear(&mut connection).expect("an answer");
        assert_eq!((status, body), (200, worker.to_string()));
        Self { worker, connection }
    }

    /// The status that it hears behind these bytes; `None`: the connection ended, or what came was not this body.
    fn hears_behind(&mut self, bytes: &[u8], expected: &str) -> Option<u16> {
        self.connection.send(bytes).ok()?;
        let (status, body) = hear(&mut self.connection)?;
        (status != 200 || body == expected).then_some(status)
    }
}

impl Heard {
    fn of(statuses: impl Iterator<Item = Option<u16>>) -> Self {
        let mut heard = Self::default();
        for status in statuses {
            match status {
                Some(200) => heard.answered += 1,
                Some(503) => heard.late += 1,
                _ => heard.lost += 1,
            }
        }
        heard
    }
}

/// `None`: the connection ended before a whole answer.
fn hear(connection: &mut Connection) -> Option<(u16, String)> {
    let head = match connection.final_head() {
        Ok(head) => head,
        Err(error) => {
            let ends = [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
            assert!(ends.contains(&error.kind()), "neither an answer nor an end: {error}");
            return None;
        }
    };
    let mut body = Vec::new();
    connection.body(head.framing, |piece| body.extend_from_slice(piece)).ok()?;
    Some((head.status, String::from_utf8_lossy(&body).into_owned()))
}
