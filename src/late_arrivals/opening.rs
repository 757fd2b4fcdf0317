//! What a client said first: bytes in, what they are out.
use super::fastcgi::Begin;
use super::http2::PREFACE;
use super::proxy_header::ProxyHeader;
use super::request::Head;
use super::tls::HANDSHAKE;
use httparse::{Error, Request, Status};

/// A longer head is answered without being understood; servers commonly refuse 8 KiB and more.
pub const LONGEST_HEAD: usize = 16 * 1024;
/// Headers of one request; more are answered without being understood.
pub const MOST_HEADERS: usize = 100;

/// What the bytes that came first are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// Too few to tell.
    Partial,
    /// So many are a header of the PROXY protocol, and what the client itself says follows.
    ProxyHeader(usize),
    /// A request's whole head.
    Request(Head),
    /// A request whose head is not understood.
    Garbled,
    /// Neither.
    NotHttp1(Protocol),
}

/// What is not HTTP/1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/2 with prior knowledge: its whole preface.
    Http2,
    /// A handshake of TLS.
    Tls,
    /// FastCGI: the header of its first record.
    FastCgi,
    /// None that is known here.
    Other,
}

/// What these bytes are.
pub fn understand(bytes: &[u8]) -> Opening {
    match ProxyHeader::of(bytes) {
        ProxyHeader::Whole(length) => return Opening::ProxyHeader(length),
        ProxyHeader::Partial => return Opening::Partial,
        ProxyHeader::None => {}
    }
    if bytes.starts_with(PREFACE) {
        return Opening::NotHttp1(Protocol::Http2);
    }
    if PREFACE.starts_with(bytes) {
        return Opening::Partial;
    }
    if bytes.first() == Some(&HANDSHAKE) {
        return Opening::NotHttp1(Protocol::Tls);
    }
    match Begin::of(bytes) {
        Begin::Whole => return Opening::NotHttp1(Protocol::FastCgi),
        Begin::Partial if !bytes.is_empty() => return Opening::Partial,
        Begin::Partial | Begin::None => {}
    }
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(Status::Partial) if bytes.len() < LONGEST_HEAD => Opening::Partial,
        Ok(Status::Complete(length)) => Opening::Request(Head::of(&request, length)),
        Ok(Status::Partial) | Err(Error::TooManyHeaders) => Opening::Garbled,
        // A head that begins like HTTP/1 is answered, however it goes on.
        Err(_) if bytes.windows(8).any(|window| window.starts_with(b" HTTP/1.")) => Opening::Garbled,
        Err(_) => Opening::NotHttp1(Protocol::Other),
    }
}

/// Whether these bytes begin with a request of HTTP/1 that is whole, with its body if it will be sent.
#[must_use]
pub fn is_whole(bytes: &[u8]) -> bool {
    let Opening::Request(head) = understand(bytes) else { return false };
    let Ok(body) = head.body.clone() else { return false };
    let mut body = head.sends_when_refused(body);
    body.take(&bytes[head.length..]).is_ok() && body.is_over()
}

/// What bytes are that were [`Opening::Partial`] and of which no more will come: nobody but HTTP/2 says `PRI `.
pub fn understand_no_more(bytes: &[u8]) -> Opening {
    let is_http2 = bytes.starts_with(&PREFACE[..4]);
    if is_http2 { Opening::NotHttp1(Protocol::Http2) } else { Opening::Garbled }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_whole_with_the_body_that_will_be_sent() {
        let post = "POST / HTTP/1.1\r\nHost: a\r\n";
        let of = |rest: &str| is_whole(format!("{post}{rest}").as_bytes());
        for rest in ["\r\n", "Content-Length: 3\r\n\r\nabc", "Content-Length: 3\r\n\r\nabcGET /"] {
            assert!(of(rest), "{rest}");
        }
        assert!(of("Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"));
        assert!(of("Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"), "refused, it sends none");
        for rest in ["", "Content-Length: 3\r\n\r\nab", "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"] {
            assert!(!of(rest), "{rest}");
        }
        assert!(!is_whole(b"") && !is_whole(b"hello\r\n\r\n"));
    }

    use crate::late_arrivals::body::Body;
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
        for (bytes, protocol) in [
            (&tls[..], Protocol::Tls),
            (&tls[..1], Protocol::Tls),
            (PREFACE, Protocol::Http2),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04", Protocol::Http2),
            (b"PRI * HTTP/2.0\r\n\r\nSN", Protocol::Other),
            (b"PING\r\n", Protocol::Other),
            (b"*1\r\n$4\r\nPING\r\n", Protocol::Other),
            (b"\x01\x01\0\x01\0\x08\0\0", Protocol::FastCgi),
            (b"\x01\x04\0\x01", Protocol::Other),
            (b"\0", Protocol::Other),
        ] {
            assert_eq!(understand(bytes), Opening::NotHttp1(protocol), "{bytes:?}");
        }
    }

    #[test]
    fn a_part_of_the_preface_is_http_2_as_soon_as_no_more_comes() {
        for length in 0..PREFACE.len() {
            let part = &PREFACE[..length];
            assert_eq!(understand(part), Opening::Partial, "{part:?}");
            let is_http2 = understand_no_more(part) == Opening::NotHttp1(Protocol::Http2);
            assert_eq!(is_http2, length >= 4, "{part:?}");
        }
        assert_eq!(understand(b"PRINT / HTTP/1.1\r\n"), Opening::Partial);
        assert_eq!(understand_no_more(b"PRINT / HTTP/1.1\r\n"), Opening::Garbled);
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
