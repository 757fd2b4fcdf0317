//! What kept-alive clients do: plain data.
use super::super::plan::{Slow, path};
use crate::sockets::Address;
use std::fmt::Write as _;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

/// Clients that keep their connection alive.
#[derive(Debug, Clone)]
pub struct KeptAlivePlan {
    /// Where every connection goes.
    pub target: Address,
    /// How many there are: at most so many connections are open at once.
    pub clients: usize,
    /// How long a client waits between its answer and its next request.
    pub think: Duration,
    /// The value of the `Host` header.
    pub host: String,
    /// The path of a request; `{k}` stands for its number, counted over all clients.
    pub path: String,
    /// The slow part of the mix, counted over all clients.
    pub slow: Option<Slow>,
    /// What each request carries: none is a GET, any other a POST.
    pub body: Option<Body>,
    /// Requests sent at once, before the answer to the first is read. 1 is none of that.
    pub pipeline: NonZeroUsize,
    /// How long a client waits for its connect, and for the answers to the requests that it has sent at once. The
    /// pauses of their bodies come on top.
    pub client_timeout: Duration,
}

/// The body of a request. Its byte at offset k is k modulo 251: whoever gets it can tell whether it is whole.
#[derive(Debug, Clone, Copy)]
pub struct Body {
    /// In bytes, from 0 up.
    pub length: u64,
    /// How many writes it is sent in, of as equal a length as can be.
    pub pieces: NonZeroU32,
    /// Between two pieces.
    pub pause: Duration,
    /// How the server is told its length.
    pub framing: Framing,
    /// Send the head alone, with `Expect: 100-continue`, and the body once the server asks for it, or is silent for
    /// a second.
    pub expect_continue: bool,
}

/// How the length of a body is told (RFC 9112, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `Content-Length`.
    Length,
    /// `Transfer-Encoding: chunked`; a piece is a chunk.
    Chunked,
}

impl KeptAlivePlan {
    /// The head of request `number`.
    pub(super) fn head(&self, number: u64) -> Vec<u8> {
        let path = path(&self.path, self.slow.as_ref(), number);
        let method = if self.body.is_some() { "POST" } else { "GET" };
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: lameduck/{}\r\nAccept: */*\r\nConnection: keep-alive\r\n",
            self.host,
            env!("CARGO_PKG_VERSION"),
        );
        if let Some(body) = &self.body {
            head += "Content-Type: application/octet-stream\r\n";
            // Writing to a String does not fail.
            let _ = match body.framing {
                Framing::Length => write!(head, "Content-Length: {}\r\n", body.length),
                Framing::Chunked => write!(head, "Transfer-Encoding: chunked\r\n"),
            };
            if body.expect_continue {
                head += "Expect: 100-continue\r\n";
            }
        }
        head += "\r\n";
        head.into_bytes()
    }

    /// How long the clients themselves pause while they send what they send at once.
    pub(super) fn pauses(&self) -> Duration {
        let requests = u32::try_from(self.pipeline.get()).unwrap_or(u32::MAX);
        self.body.map_or(Duration::ZERO, |body| {
            let expecting = if body.expect_continue { super::sending::EXPECTING } else { Duration::ZERO };
            body.pause
                .saturating_mul(body.pieces.get() - 1)
                .saturating_add(expecting)
                .saturating_mul(requests)
        })
    }
}

impl Body {
    /// Where piece `index` of [`Body::pieces`] begins and how long it is.
    pub(super) fn piece(&self, index: u32) -> (u64, u64) {
        let until = |index: u32| {
            let bytes = u128::from(self.length) * u128::from(index) / u128::from(self.pieces.get());
            // No more than the length.
            u64::try_from(bytes).unwrap_or(self.length)
        };
        (until(index), until(index + 1) - until(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::num::NonZeroU64;

    fn body(length: u64, pieces: u32) -> Body {
        let pieces = NonZeroU32::new(pieces).unwrap();
        Body {
            length,
            pieces,
            pause: Duration::from_secs(1),
            framing: Framing::Length,
            expect_continue: false,
        }
    }

    fn plan(body: Option<Body>) -> KeptAlivePlan {
        KeptAlivePlan {
            target: std::net::SocketAddr::from(([127, 0, 0, 1], 80)).into(),
            clients: 1,
            think: Duration::ZERO,
            host: "here".into(),
            path: "/item/{k}".into(),
            slow: NonZeroU64::new(3).map(|every| Slow { every, path: "/slow".into() }),
            body,
            pipeline: NonZeroUsize::MIN,
            client_timeout: Duration::from_secs(1),
        }
    }

    fn head(body: Option<Body>, number: u64) -> String {
        String::from_utf8(plan(body).head(number)).unwrap()
    }

    #[test]
    fn without_a_body_it_is_a_get_with_its_number_and_the_slow_one_in_its_turn() {
        assert!(head(None, 1).starts_with("GET /item/1 HTTP/1.1\r\nHost: here\r\n"));
        assert!(head(None, 2).starts_with("GET /slow HTTP/1.1\r\n"));
        assert!(head(None, 1).ends_with("Connection: keep-alive\r\n\r\n"));
    }

    #[test]
    fn a_body_is_announced_as_it_is_framed() {
        let fixed = head(Some(body(70, 2)), 0);
        assert!(fixed.starts_with("POST ") && fixed.ends_with("\r\nContent-Length: 70\r\n\r\n"), "{fixed}");
        let chunked = Body { framing: Framing::Chunked, expect_continue: true, ..body(70, 2) };
        let chunked = head(Some(chunked), 0);
        assert!(chunked.ends_with("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"), "{chunked}");
    }

    #[test]
    fn the_clients_own_pauses_are_between_the_pieces_of_each_request() {
        let plan = KeptAlivePlan { pipeline: NonZeroUsize::new(2).unwrap(), ..plan(Some(body(9, 4))) };
        assert_eq!(plan.pauses(), Duration::from_secs(6));
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_whole_body_and_nearly_equal(length in 0..u64::MAX, pieces in 1_u32..200) {
            let body = body(length, pieces);
            let all: Vec<_> = (0..pieces).map(|index| body.piece(index)).collect();
            let mut end = 0;
            for (begin, size) in &all {
                prop_assert_eq!(*begin, end);
                end += size;
                prop_assert!((length / u64::from(pieces)..=length / u64::from(pieces) + 1).contains(size));
            }
            prop_assert_eq!(end, length);
        }
    }
}
