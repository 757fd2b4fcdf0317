//! A watch's answer: one event a line, as they happen.
use super::Trouble;
use super::client::unreachable;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;

/// The longest line that is read, bytes: a slice of a thousand endpoints, the most that one has, is 300 kB.
const LONGEST: usize = 4 << 20;

/// The lines of an answer that has no end.
#[derive(Debug)]
pub struct Lines {
    body: Incoming,
    read: Vec<u8>,
}

impl Lines {
    /// The lines of this one.
    pub fn of(body: Incoming) -> Self {
        Self { body, read: Vec::new() }
    }

    /// The next line; `None`: the server has ended its answer.
    ///
    /// # Errors
    /// When the connection breaks, or the line is none of those that are meant.
    pub async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Trouble> {
        loop {
            if let Some(line) = take(&mut self.read) {
                return super::api::parse(&line).map(Some);
            }
            if self.read.len() > LONGEST {
                return Err(Trouble::Unreadable(format!("an event is longer than {LONGEST} bytes")));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => self.read.extend(frame.into_data().unwrap_or_default()),
                Some(Err(error)) => return Err(unreachable(&error)),
                None => return Ok(None),
            }
        }
    }
}

/// Takes the first line away that is whole and not empty.
pub(super) fn take(read: &mut Vec<u8>) -> Option<Vec<u8>> {
    while let Some(end) = read.iter().position(|byte| *byte == b'\n') {
        let line: Vec<u8> = read.drain(..=end).collect();
        if !line.trim_ascii().is_empty() {
            return Some(line);
        }
    }
    None
}
