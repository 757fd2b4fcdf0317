//! What a client said: bytes in, what they are out.
use super::body::{Body, Unclear};
use httparse::{Error, Header, Status};

/// A longer head is answered without being understood; servers commonly refuse 8 KiB and more.
pub const LONGEST_HEAD: usize = 16 * 1024;
/// Headers of one request; more are answered without being understood.
pub const MOST_HEADERS: usize = 100;

/// What the bytes that came first are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// Too few to tell.
    Partial,
    /// A request's whole head.
    Request(Head),
    /// A request whose head is not understood.
    Garbled,
    /// Not HTTP/1.
    NotHttp,
}

/// What of a request's head matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Of the head, in bytes, empty line and all.
    pub length: usize,
    /// The method.
    pub method: String,
    /// What follows the head.
    pub body: Result<Body, Unclear>,
    /// The body is not sent before the client was told to go on (RFC 9110, section 10.1.1).
    pub expects_continue: bool,
    /// The client may go on in another protocol (RFC 9110, section 7.8).
    pub upgrades: bool,
}

/// What these bytes are.
pub fn understand(bytes: &[u8]) -> Opening {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(Status::Partial) if bytes.len() < LONGEST_HEAD => Opening::Partial,
        Ok(Status::Complete(length)) => Opening::Request(Head {
            length,
            method: request.method.unwrap_or_default().to_owned(),
            body: Body::told_by(request.headers).map(|body| body.unwrap_or(Body::Length(0))),
            expects_continue: request.headers.iter().any(is_100_continue),
            upgrades: request.headers.iter().any(|header| header.name.eq_ignore_ascii_case("upgrade")),
        }),
        Ok(Status::Partial) | Err(Error::TooManyHeaders) => Opening::Garbled,
        // A head that begins like HTTP/1 is answered, however it goes on.
        Err(_) if bytes.windows(8).any(|window| window.starts_with(b" HTTP/1.")) => Opening::Garbled,
        Err(_) => Opening::NotHttp,
    }
}

impl Head {
    /// Whether doing it twice is as good as doing it once (RFC 9110, section 9.2.2).
    pub fn is_idempotent(&self) -> bool {
        ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"].contains(&self.method.as_str())
    }

    /// What a client that is refused will still send, when this is to come of its body: one that waits for 100 Continue
    /// sends none; once it has begun, it sends all.
    pub fn sends_when_refused(&self, body: Body) -> Body {
        let has_begun = self.body.as_ref() != Ok(&body);
        if self.expects_continue && !has_begun { Body::Length(0) } else { body }
    }
}

fn is_100_continue(header: &Header<'_>) -> bool {
    header.name.eq_ignore_ascii_case("expect") && header.value.eq_ignore_ascii_case(b"100-continue")
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
    fn what_begins_like_http_1_is_answered_however_it_goes_on() {
        for head in ["GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.9\r\n\r\n"] {
            assert_eq!(understand(head.as_bytes()), Opening::Garbled, "{head:?}");
        }
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(MOST_HEADERS + 1));
        assert_eq!(understand(many.as_bytes()), Opening::Garbled);
        let long = format!("GET / HTTP/1.1\r\nA: {}", "x".repeat(LONGEST_HEAD));
        assert_eq!(understand(long.as_bytes()), Opening::Garbled);
    }

    #[test]
    fn what_is_not_http_1_is_known_from_its_first_bytes() {
        let tls = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01];
        for bytes in
            [&tls[..], b"PING\r\n", b"*1\r\n$4\r\nPING\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0"]
        {
            assert_eq!(understand(bytes), Opening::NotHttp, "{bytes:?}");
        }
    }

    #[test]
    fn the_head_tells_what_follows_it() {
        let Opening::Request(head) = understand(REQUESTS[2].as_bytes()) else { panic!("a request") };
        let expected = Head {
            length: REQUESTS[2].len(),
            method: "POST".to_owned(),
            body: Ok(Body::Length(1_000_000)),
            expects_continue: true,
            upgrades: false,
        };
        assert_eq!(head, expected);
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
            prop_assert_eq!(understand(&request.as_bytes()[..cut]), Opening::Partial);
            let whole = [request.as_bytes(), &body].concat();
            let Opening::Request(head) = understand(&whole) else { panic!("a request") };
            prop_assert_eq!(head.length, request.len());
        }
    }
}
