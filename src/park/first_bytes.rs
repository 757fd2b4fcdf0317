//! What the bytes are that wait on a parked connection, by their first few.
use httparse::{Error, Request, Status};

/// So many bytes are looked at: a request line of usual length.
pub const PEEK: usize = 1024;
/// The longest method in the registry, and some room (RFC 9110, section 16.1: UPDATEREDIRECTREF).
const LONGEST_METHOD: usize = 32;
/// How every request line of HTTP/1 ends (RFC 9112, section 3).
const VERSION: &[u8] = b" HTTP/1.";

/// What waiting bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstBytes {
    /// A request of HTTP/1, from its beginning: its first line is there.
    Request,
    /// What may become one: a method, or a part of the first line.
    Part,
    /// Empty lines, which some clients send behind a body (RFC 9112, section 2.2).
    Blank,
    /// No beginning of a request: the rest of a body, TLS, HTTP/2, WebSocket.
    Other,
}

impl FirstBytes {
    /// Tells, from as many as [`PEEK`] bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let Some(begin) = bytes.iter().position(|byte| !b"\r\n".contains(byte)) else { return Self::Blank };
        let bytes = &bytes[begin..];
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return Self::of_part(bytes) };
        let (line, mut headers) = (&bytes[..=end], [httparse::EMPTY_HEADER; 0]);
        match Request::new(&mut headers).parse(line) {
            Ok(Status::Partial) | Err(Error::TooManyHeaders) => Self::Request,
            _ if has_version(line) => Self::Request,
            _ => Self::Other,
        }
    }

    /// A line that has not ended.
    fn of_part(bytes: &[u8]) -> Self {
        let is_method = |byte: &u8| byte.is_ascii_uppercase() || b"-_".contains(byte);
        let method = bytes.iter().take_while(|byte| is_method(byte)).count();
        let rest = &bytes[method..];
        // Targets have neither spaces nor control characters; one space more comes before the version.
        let is_target = |byte: &u8| *byte == b' ' || !byte.is_ascii_control();
        match rest.split_first() {
            None if method <= LONGEST_METHOD => Self::Part,
            Some((b' ', target)) if (1..=LONGEST_METHOD).contains(&method) => {
                if has_version(rest) {
                    Self::Request
                } else if target.strip_suffix(b"\r").unwrap_or(target).iter().all(is_target) {
                    Self::Part
                } else {
                    Self::Other
                }
            }
            _ => Self::Other,
        }
    }
}

fn has_version(line: &[u8]) -> bool {
    line.windows(VERSION.len()).any(|window| window == VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REQUESTS: [&str; 4] = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /orders?id=1 HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
        "OPTIONS * HTTP/1.1\n\n",
        "\r\nVERSION-CONTROL http://a/b HTTP/1.1\r\nno colon\r\n",
    ];

    #[test]
    fn what_is_no_request_is_known_from_its_first_bytes() {
        let tls = [0x17, 0x03, 0x03, 0x00, 0x20, 0x01];
        let websocket = [0x81, 0x85, b'G', b'E', b'T', b' '];
        let http_2 = [0, 0, 13, 1, 5, 0, 0, 0, 1];
        for bytes in [&tls[..], &websocket, &http_2, b"{\"a\": 1}", b"5\r\nhello\r\n", b"a=1&b=2", b"hello\n"]
        {
            assert_eq!(FirstBytes::of(bytes), FirstBytes::Other, "{bytes:?}");
        }
        assert_eq!(FirstBytes::of(&[b'A'; LONGEST_METHOD + 1]), FirstBytes::Other, "no method is so long");
    }

    #[test]
    fn empty_lines_alone_are_nothing_yet() {
        for bytes in [&b""[..], b"\r", b"\r\n", b"\r\n\r\n"] {
            assert_eq!(FirstBytes::of(bytes), FirstBytes::Blank);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = FirstBytes::of(&bytes);
        }

        #[test]
        fn a_request_is_known_as_soon_as_its_version_is_there_and_never_taken_for_something_else(
            request in prop::sample::select(&REQUESTS[..]),
            cut in any::<prop::sample::Index>(),
        ) {
            let begun = request.trim_start().len();
            let cut = request.len() - begun + 1 + cut.index(begun);
            let part = &request.as_bytes()[..cut];
            let expected = if has_version(part) { FirstBytes::Request } else { FirstBytes::Part };
            prop_assert_eq!(FirstBytes::of(part), expected);
        }
    }
}
