//! Reads one answer off a connection.
use super::body::Malformed;
use super::response::Response;
use super::verdict::Cause;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, timeout_at};

/// A whole answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// As [`Response::persists`].
    pub persists: bool,
    /// What came behind it.
    pub rest: Vec<u8>,
}

/// Something that a client may have to act on before the answer is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// `100 Continue`.
    Continue,
    /// The first byte of the answer.
    Begun,
}

/// Why there is no whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    pub cause: Cause,
    /// Whether a byte of it has come.
    pub begun: bool,
}

/// Reads the next answer, of which `carried` has come already, until `deadline`. What is heard may be told again with each read.
pub async fn answer(
    from: &mut (impl AsyncRead + Unpin),
    carried: &[u8],
    deadline: Instant,
    mut told: impl FnMut(Heard),
) -> Result<Answer, Broken> {
    let mut response = Response::default();
    let mut buffer = [0; 4 * 1024];
    let mut whole = response.feed(carried);
    loop {
        // Before it is judged: bytes that are no answer are the beginning of one.
        let begun = response.has_begun();
        if response.told_to_continue() {
            told(Heard::Continue);
        }
        if begun {
            told(Heard::Begun);
        }
        match whole {
            Err(Malformed) => return Err(Broken { cause: Cause::Malformed, begun: true }),
            Ok(Some(status)) => {
                let persists = response.persists();
                return Ok(Answer { status, persists, rest: response.into_rest() });
            }
            Ok(None) => (),
        }
        let broken = |cause| Broken { cause, begun };
        whole = match timeout_at(deadline, from.read(&mut buffer)).await {
            Err(_) => return Err(broken(Cause::TimedOut)),
            Ok(Err(error)) => return Err(broken(Cause::of(&error))),
            Ok(Ok(0)) => {
                return match response.close() {
                    Some(status) => Ok(Answer { status, persists: false, rest: Vec::new() }),
                    None => Err(broken(Cause::Closed)),
                };
            }
            Ok(Ok(length)) => response.feed(&buffer[..length]),
        };
    }
}
