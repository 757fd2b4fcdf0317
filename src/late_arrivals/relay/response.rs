//! Where a fellow's answer ends: bytes in, in pieces of any size; how many of them are the answer's out.
use super::super::body::Body;
use super::super::opening::MOST_HEADERS;
use httparse::Status;

/// Behind a longer head the answer's end is not known, but by the close.
const LONGEST_HEAD: usize = 64 * 1024;

/// An answer on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    is_to_head: bool,
    has_begun: bool,
    at: At,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum At {
    /// In a head, of which these bytes came.
    Head(Vec<u8>),
    Body(Body),
    /// Behind 101 (Switching Protocols).
    Switched,
}

impl Response {
    /// The answer to a request with this method.
    pub fn to(method: &str) -> Self {
        Self { is_to_head: method == "HEAD", has_begun: false, at: At::Head(Vec::new()) }
    }

    /// Bytes that only the close ends.
    pub fn until_close() -> Self {
        Self { is_to_head: false, has_begun: false, at: At::Body(Body::UntilClose) }
    }

    /// Whether anything of it has come.
    pub fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Whether the protocol is another one from here on.
    pub fn is_switched(&self) -> bool {
        self.at == At::Switched
    }

    /// Whether all of it has come.
    pub fn is_over(&self) -> bool {
        matches!(&self.at, At::Body(body) if body.is_over())
    }

    /// Whether it is whole when the fellow closes now.
    pub fn is_whole_at_close(&self) -> bool {
        matches!(&self.at, At::Body(body) if body.is_over() || *body == Body::UntilClose)
    }

    /// Takes note of what came, and gives how many of these bytes are the answer's (behind 101: all). What is not HTTP,
    /// or does not say where it ends, ends with the close.
    pub fn take(&mut self, bytes: &[u8]) -> usize {
        self.has_begun |= !bytes.is_empty();
        let mut taken = 0;
        while taken < bytes.len() && !self.is_over() {
            let piece = &bytes[taken..];
            match &mut self.at {
                At::Head(head) => {
                    let before = head.len();
                    head.extend_from_slice(piece);
                    match end_of_head(head, self.is_to_head) {
                        Some((length, next)) => {
                            taken += length - before;
                            self.at = next;
                        }
                        None => taken = bytes.len(),
                    }
                }
                At::Body(body) => match body.take(piece) {
                    Ok(length) => taken += length,
                    Err(_) => self.at = At::Body(Body::UntilClose),
                },
                At::Switched => taken = bytes.len(),
            }
        }
        taken
    }
}

/// How long the head at the beginning of these bytes is, and what follows it; `None`: it is not whole.
fn end_of_head(bytes: &[u8], is_to_head: bool) -> Option<(usize, At)> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(bytes) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) if bytes.len() < LONGEST_HEAD => return None,
        Ok(Status::Partial) | Err(_) => return Some((bytes.len(), At::Body(Body::UntilClose))),
    };
    // RFC 9112, section 6.3; interim answers precede the final one (RFC 9110, section 15.2).
    let next = match response.code.unwrap_or(0) {
        101 => At::Switched,
        100..=199 => At::Head(Vec::new()),
        204 | 304 => At::Body(Body::Length(0)),
        _ if is_to_head => At::Body(Body::Length(0)),
        _ => At::Body(Body::told_by(response.headers).ok().flatten().unwrap_or(Body::UntilClose)),
    };
    Some((length, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// To which method, the answer, whether it says itself where it ends.
    const RESPONSES: [(&str, &str, bool); 8] = [
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true),
        ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", true),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", true),
        (
            "POST",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
            true,
        ),
        ("GET", "HTTP/1.0 200 OK\r\n\r\nuntil the close", false),
        ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nuntil the close", false),
        ("GET", "no HTTP at all", false),
    ];

    proptest! {
        #[test]
        fn an_answer_ends_at_the_same_byte_however_it_is_cut(
            (method, answer, says_its_end) in proptest::sample::select(&RESPONSES[..]),
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..9),
        ) {
            let whole = format!("{answer}behind");
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(whole.len())).collect();
            cuts.extend([0, whole.len()]);
            cuts.sort_unstable();
            let mut response = Response::to(method);
            let mut taken = 0;
            for piece in cuts.windows(2) {
                prop_assert_eq!(response.is_over(), says_its_end && taken == answer.len());
                taken += response.take(&whole.as_bytes()[piece[0]..piece[1]]);
                prop_assert_eq!(response.has_begun(), piece[1] > 0);
            }
            prop_assert_eq!(taken, if says_its_end { answer.len() } else { whole.len() });
            prop_assert!(response.is_whole_at_close());
        }

        #[test]
        fn a_part_of_an_answer_that_says_its_end_is_not_whole(
            (method, answer, _) in proptest::sample::select(&RESPONSES[..5]),
            part in any::<proptest::sample::Index>(),
        ) {
            let mut response = Response::to(method);
            let part = part.index(answer.len());
            prop_assert_eq!(response.take(&answer.as_bytes()[..part]), part);
            prop_assert!(!response.is_whole_at_close() && !response.is_over());
        }
    }

    #[test]
    fn behind_101_all_is_the_other_protocol_s() {
        let mut response = Response::to("GET");
        let bytes = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02hi";
        assert_eq!(response.take(bytes), bytes.len());
        assert!(response.is_switched() && !response.is_over());
    }
}
