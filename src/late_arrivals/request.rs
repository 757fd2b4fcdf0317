//! What of a request's head matters here (RFC 9112).
use super::body::{Body, Unclear};
use httparse::{Header, Request};

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

impl Head {
    /// Of a request that httparse has understood, whose head is so long.
    pub fn of(request: &Request<'_, '_>, length: usize) -> Self {
        let headers = &*request.headers;
        Self {
            length,
            method: request.method.unwrap_or_default().to_owned(),
            body: Body::told_by(headers).map(|body| body.unwrap_or(Body::Length(0))),
            expects_continue: headers.iter().any(is_100_continue),
            upgrades: headers.iter().any(|header| header.name.eq_ignore_ascii_case("upgrade")),
        }
    }

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
