//! One connection: read what the client sent, answer that it was not processed, and close without a reset.
//!
//! A close with unread bytes becomes a reset, which can overtake the answer (RFC 9112, section 9.6): so the head is
//! read first, then comes the answer and our half of the close, and then all the client still sends is read away.
use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// The answer: not processed, and worth trying again at once, elsewhere (RFC 9110, sections 15.6.4 and 10.2.3).
pub const RESPONSE: &str = "HTTP/1.1 503 Service Unavailable\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 96\r\n\
    Retry-After: 1\r\n\
    Connection: close\r\n\
    \r\n\
    This server is stopping. Your request was not processed; send it again and another will answer.\n";

/// A client that has begun to speak has so long for its request's head.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// A longer head is answered without being understood; servers commonly refuse 8 KiB and more.
const LONGEST_HEAD: usize = 16 * 1024;
/// After the answer a client has so long to close, or to go on sending what nobody will process, ...
const LINGER: Duration = Duration::from_secs(2);
/// ... up to so much.
const LONGEST_LINGER: usize = 16 * 1024 * 1024;
/// Headers of one request; more are answered without being understood.
const MOST_HEADERS: usize = 100;

thread_local! {
    /// All connections read into the same buffer: a waiting one costs no memory for it.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; LONGEST_HEAD]);
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Answered 503.
    Answered,
    /// Not HTTP: closed after reading.
    Closed,
    /// The client had gone.
    Gone,
}

/// What a client sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Request,
    NotHttp,
    Gone,
}

/// Serves one connection; one that does not speak is answered after `silent_grace`.
pub async fn answer(mut stream: TcpStream, silent_grace: Duration) -> Ending {
    let ending = match hear(&stream, silent_grace).await {
        Heard::Gone => return Ending::Gone,
        Heard::NotHttp => Ending::Closed,
        Heard::Request => Ending::Answered,
    };
    let end = Instant::now() + LINGER;
    if ending == Ending::Answered
        && !matches!(timeout_at(end, stream.write_all(RESPONSE.as_bytes())).await, Ok(Ok(())))
    {
        return Ending::Gone;
    }
    if timeout_at(end, stream.shutdown()).await.is_ok() {
        let _ = timeout_at(end, discard(&stream)).await;
    }
    ending
}

/// Reads until it is clear what the client wants.
async fn hear(stream: &TcpStream, silent_grace: Duration) -> Heard {
    let mut head = Vec::new();
    let begin = Instant::now();
    let mut end = begin + silent_grace;
    loop {
        match timeout_at(end, read(stream, |bytes| head.extend_from_slice(bytes))).await {
            Ok(Ok(1..)) => {}
            // It has closed its half: there is no more to come.
            Ok(Ok(0)) if !head.is_empty() => return Heard::Request,
            Ok(Ok(0) | Err(_)) => return Heard::Gone,
            // Silent, or slower than anybody is waited for: tell it what it would be told.
            Err(_) => return Heard::Request,
        }
        match understand(&head) {
            Some(what) => return what,
            None if head.len() >= LONGEST_HEAD => return Heard::Request,
            None => end = begin + HEAD_WITHIN.max(silent_grace),
        }
    }
}

/// What these bytes are; `None`: too few to tell.
fn understand(head: &[u8]) -> Option<Heard> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    match httparse::Request::new(&mut headers).parse(head) {
        Ok(httparse::Status::Partial) => None,
        Ok(httparse::Status::Complete(_)) | Err(httparse::Error::TooManyHeaders) => Some(Heard::Request),
        // A head that begins like HTTP/1 is answered, however it goes on.
        Err(_) if head.windows(8).any(|window| window.starts_with(b" HTTP/1.")) => Some(Heard::Request),
        Err(_) => Some(Heard::NotHttp),
    }
}

/// Reads away what the client still sends, until it closes.
async fn discard(stream: &TcpStream) {
    let mut left = LONGEST_LINGER;
    while let Ok(length @ 1..) = read(stream, |_| ()).await {
        let Some(rest) = left.checked_sub(length) else { return };
        left = rest;
    }
}

/// Reads once into the common buffer.
async fn read(stream: &TcpStream, take: impl FnOnce(&[u8])) -> io::Result<usize> {
    loop {
        poll_fn(|context| stream.poll_read_ready(context)).await?;
        let attempt = SCRATCH.with_borrow_mut(|scratch| stream.try_read(scratch));
        match attempt {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(length) => {
                SCRATCH.with_borrow(|scratch| take(&scratch[..length]));
                return Ok(length);
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REQUESTS: [&str; 5] = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "POST /orders?id=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\nX-Long: 0123456789\r\nAccept: */*\r\n\r\n",
        "\r\nDELETE /a HTTP/1.1\nHost: a\n\n",
    ];

    #[test]
    fn the_answer_is_as_long_as_it_says() {
        let (head, body) = RESPONSE.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())));
    }

    #[test]
    fn what_begins_like_http_1_is_answered_however_it_goes_on() {
        for head in ["GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.9\r\n\r\n"] {
            assert_eq!(understand(head.as_bytes()), Some(Heard::Request), "{head:?}");
        }
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(MOST_HEADERS + 1));
        assert_eq!(understand(many.as_bytes()), Some(Heard::Request));
    }

    #[test]
    fn what_is_not_http_1_is_known_from_its_first_bytes() {
        let tls = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01];
        for bytes in
            [&tls[..], b"PING\r\n", b"*1\r\n$4\r\nPING\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0"]
        {
            assert_eq!(understand(bytes), Some(Heard::NotHttp), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = understand(&bytes);
        }

        #[test]
        fn every_part_of_a_request_needs_more_and_the_whole_is_a_request(
            request in proptest::sample::select(&REQUESTS[..]),
            part in any::<proptest::sample::Index>(),
            body in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let cut = part.index(request.len());
            prop_assert_eq!(understand(&request.as_bytes()[..cut]), None);
            let whole = [request.as_bytes(), &body].concat();
            prop_assert_eq!(understand(&whole), Some(Heard::Request));
        }
    }
}
