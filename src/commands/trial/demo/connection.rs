//! One connection of a worker: its requests are read as they come, without blocking, and answered when its turn comes.
use super::SLOW_PATH;
use crate::cli::Work;
use crate::load::body::{LONGEST_HEAD, MOST_FIELDS, Malformed, Rest, has_word};
use httparse::{EMPTY_HEADER, Status};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::thread;
use std::time::{Duration, Instant};

/// How long a connection may be silent, in a request or between two: as gunicorn's `--timeout`.
const PATIENCE: Duration = Duration::from_secs(30);

/// An accepted connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// What was read and belongs to no request yet.
    bytes: Vec<u8>,
    /// The request whose head has been read.
    request: Option<Request>,
    /// Whether it has been answered.
    used: bool,
    heard: Instant,
}

#[derive(Debug, Clone, Copy)]
struct Request {
    slow: bool,
    /// Whether the client wants to go on after the answer.
    keep_alive: bool,
    body: Rest,
}

/// What can be done with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing, until more comes.
    Waiting,
    /// A whole request is to be answered.
    Ready,
    /// Nothing any more: the client has left, or speaks no HTTP/1.
    Gone,
}

impl Connection {
    /// A connection that has just been accepted.
    ///
    /// # Errors
    /// When it cannot be made non-blocking.
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self { stream, bytes: Vec::new(), request: None, used: false, heard: Instant::now() })
    }

    /// Reads what is there, up to the end of a request.
    pub fn read(&mut self) -> Standing {
        let mut buffer = [0; 16 * 1024];
        loop {
            match self.take() {
                Ok(true) => return Standing::Ready,
                Ok(false) => (),
                Err(Malformed) => return Standing::Gone,
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return Standing::Gone,
                Ok(length) => {
                    self.bytes.extend_from_slice(&buffer[..length]);
                    self.heard = Instant::now();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Standing::Waiting,
                Err(_) => return Standing::Gone,
            }
        }
    }

    /// Whether a whole request is to be answered, without reading.
    pub fn is_ready(&self) -> bool {
        self.request.is_some_and(|request| request.body == Rest::Whole)
    }

    /// Whether an answer has been given on it.
    pub fn is_used(&self) -> bool {
        self.used
    }

    /// Whether its client has been silent for too long.
    pub fn is_stale(&self) -> bool {
        !self.is_ready() && self.heard.elapsed() > PATIENCE
    }

    /// Works on the request that is ready and answers it: whether the connection goes on. Does nothing to one that is
    /// not ready.
    pub fn answer(&mut self, work: Work) -> bool {
        let Some(request) = self.request.take_if(|request| request.body == Rest::Whole) else { return true };
        thread::sleep(if request.slow { work.slow_work } else { work.work });
        (self.used, self.heard) = (true, Instant::now());
        let connection = if request.keep_alive { "keep-alive" } else { "close" };
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\nConnection: {connection}\r\n\r\nanswered\n"
        );
        // One that does not fit into the socket's buffer is for a client that reads none of its answers.
        self.stream.write_all(answer.as_bytes()).is_ok()
            && request.keep_alive
            && self.read() != Standing::Gone
    }

    /// Takes what it can from the bytes that were read: whether a request is whole.
    fn take(&mut self) -> Result<bool, Malformed> {
        if self.request.is_none() {
            self.request = self.head()?;
        }
        if let Some(request) = &mut self.request {
            request.body = request.body.after(&mut self.bytes)?;
        }
        Ok(self.is_ready())
    }

    fn head(&mut self) -> Result<Option<Request>, Malformed> {
        let mut fields = [EMPTY_HEADER; MOST_FIELDS];
        let mut head = httparse::Request::new(&mut fields);
        let Status::Complete(length) = head.parse(&self.bytes).map_err(|_| Malformed)? else {
            return if self.bytes.len() > LONGEST_HEAD { Err(Malformed) } else { Ok(None) };
        };
        let path = head.path.and_then(|target| target.split('?').next());
        let has = |word| has_word(head.headers, "connection", word);
        let request = Request {
            slow: path == Some(SLOW_PATH),
            // RFC 9112, section 9.3.
            keep_alive: !has("close") && (head.version == Some(1) || has("keep-alive")),
            body: Rest::of_request(head.headers)?,
        };
        let asks = has_word(head.headers, "expect", "100-continue");
        self.bytes.drain(..length);
        if asks && request.body != Rest::Whole && self.bytes.is_empty() {
            // A client that is gone is noticed by the next read.
            let _ = self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        Ok(Some(request))
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
