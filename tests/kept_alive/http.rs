//! A client that shows the bytes of HTTP/1.1 as they come: what bodies and streams are tested with.
use crate::support::PATIENCE;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// The most bytes of a head.
const MOST: usize = 64 * 1024;

/// A connection that waits no longer than [`PATIENCE`] for a byte.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// Read, and not yet taken.
    ahead: Vec<u8>,
}

/// The head of a response.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    pub status: u16,
    pub framing: Framing,
    /// Whether the connection ends with this response.
    pub close: bool,
}

/// Where the body ends (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

impl Connection {
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, ahead: Vec::new() })
    }

    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Whether the server closed it while nothing was asked.
    pub fn is_closed(&self) -> io::Result<bool> {
        self.stream.set_nonblocking(true)?;
        let look = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false)?;
        match look {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Ok(1..) => Err(io::Error::other("an answer that nobody asked for")),
            Ok(0) | Err(_) => Ok(true),
        }
    }

    /// The next head, which may be an interim one (1xx).
    pub fn head(&mut self) -> io::Result<Head> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; 64];
            let mut response = httparse::Response::new(&mut headers);
            match response.parse(&self.ahead).map_err(io::Error::other)? {
                httparse::Status::Complete(length) => {
                    let head = Head::of(&response);
                    self.ahead.drain(..length);
                    return Ok(head);
                }
                httparse::Status::Partial if self.ahead.len() > MOST => {
                    return Err(io::Error::other("a head without an end"));
                }
                httparse::Status::Partial if self.more()? == 0 => return Err(ErrorKind::UnexpectedEof.into()),
                httparse::Status::Partial => (),
            }
        }
    }

    /// The next head that is not an interim one.
    pub fn final_head(&mut self) -> io::Result<Head> {
        loop {
            let head = self.head()?;
            if head.status >= 200 {
                return Ok(head);
            }
        }
    }

    /// The whole body, given to `piece` as it comes.
    pub fn body(&mut self, framing: Framing, mut piece: impl FnMut(&[u8])) -> io::Result<()> {
        match framing {
            Framing::Length(length) => self.exactly(length, &mut piece),
            Framing::UntilClose => loop {
                piece(&self.ahead);
                self.ahead.clear();
                if self.more()? == 0 {
                    return Ok(());
                }
            },
            Framing::Chunked => loop {
                let line = self.line()?;
                let size = line.split(';').next().unwrap_or_default().trim();
                let size = u64::from_str_radix(size, 16).map_err(io::Error::other)?;
                self.exactly(size, &mut piece)?;
                if !self.line()?.is_empty() {
                    return Err(io::Error::other("a chunk without an end"));
                }
                if size == 0 {
                    return Ok(());
                }
            },
        }
    }

    /// As much as `to` holds, no less.
    pub fn exact(&mut self, to: &mut [u8]) -> io::Result<()> {
        let mut filled = 0;
        let length = to.len() as u64;
        self.exactly(length, &mut |piece: &[u8]| {
            to[filled..filled + piece.len()].copy_from_slice(piece);
            filled += piece.len();
        })
    }

    fn exactly(&mut self, mut left: u64, piece: &mut impl FnMut(&[u8])) -> io::Result<()> {
        while left > 0 {
            if self.ahead.is_empty() && self.more()? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let now = usize::try_from(left).map_or(self.ahead.len(), |left| left.min(self.ahead.len()));
            piece(&self.ahead[..now]);
            self.ahead.drain(..now);
            left -= now as u64;
        }
        Ok(())
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.ahead.windows(2).position(|two| two == b"\r\n") {
                let line = String::from_utf8_lossy(&self.ahead[..end]).into_owned();
                self.ahead.drain(..end + 2);
                return Ok(line);
            }
            if self.ahead.len() > MOST {
                return Err(io::Error::other("a line without an end"));
            }
            if self.more()? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads what is there, waits if nothing is: 0 at the end.
    fn more(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 16 * 1024];
        let length = self.stream.read(&mut buffer)?;
        self.ahead.extend_from_slice(&buffer[..length]);
        Ok(length)
    }
}

impl Head {
    fn of(response: &httparse::Response) -> Self {
        let all = |name: &str| {
            let named = response.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
            named.map(|header| String::from_utf8_lossy(header.value).to_ascii_lowercase()).collect::<Vec<_>>()
        };
        let status = response.code.unwrap_or_default();
        let framing = if status < 200 || status == 204 {
            Framing::Length(0)
        } else if all("transfer-encoding").iter().any(|value| value.contains("chunked")) {
            Framing::Chunked
        } else {
            let length = all("content-length").first().and_then(|value| value.parse().ok());
            length.map_or(Framing::UntilClose, Framing::Length)
        };
        let close = framing == Framing::UntilClose || all("connection").iter().any(|value| value == "close");
        Self { status, framing, close }
    }
}
