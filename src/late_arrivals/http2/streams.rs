//! The streams of a connection between a client and a fellow: what both said in, which streams are open out (RFC 9113,
//! section 5.1).
use super::frames::{Frame, Frames};
use std::collections::HashSet;

/// Which of the client's streams are open, as far as the frames' own headers tell. What a fellow pushes unasked is not
/// among them: it is an offer, which hardly a client takes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Streams {
    client: Side,
    fellow: Side,
    /// Those of which the client has not said all ...
    unasked: HashSet<u32>,
    /// ... and the fellow has not.
    unanswered: HashSet<u32>,
    last: u32,
    has_answered: bool,
    /// The fellow sends the client away itself, and closes when it wants to.
    is_sent_away: bool,
}

/// What one of both has said.
#[derive(Debug, Default, PartialEq, Eq)]
struct Side {
    frames: Frames,
    is_in_head: bool,
    /// The stream that ends with this head.
    ending: Option<u32>,
    has_begun: bool,
    /// It did not begin with SETTINGS, and what it says cannot be understood (RFC 9113, section 3.4).
    is_nonsense: bool,
}

impl Streams {
    /// The client said this, its preface aside.
    pub fn asked(&mut self, mut bytes: &[u8]) {
        while let Some((frame, ended)) = self.client.take(&mut bytes) {
            // Else it is a trailer's, of a stream that the fellow may have ended.
            if frame.is_headers() && frame.stream > self.last {
                self.last = frame.stream;
                self.unasked.insert(frame.stream);
                self.unanswered.insert(frame.stream);
            }
            self.note(frame);
            ended.map(|stream| self.unasked.remove(&stream));
        }
    }

    /// The fellow said this.
    pub fn answered(&mut self, mut bytes: &[u8]) {
        while let Some((frame, ended)) = self.fellow.take(&mut bytes) {
            self.has_answered |= frame.resets() || ended.is_some();
            self.is_sent_away |= frame.is_goaway();
            self.note(frame);
            ended.map(|stream| self.unanswered.remove(&stream));
        }
    }

    fn note(&mut self, frame: Frame) {
        if frame.resets() {
            self.unasked.remove(&frame.stream);
            self.unanswered.remove(&frame.stream);
        }
    }

    /// Whether a frame of ours may come next: both are between two frames, and outside of a head (RFC 9113, section 6.10).
    /// `false` for good where one is not understood, or the fellow has sent the client away itself.
    pub fn may_interject(&self) -> bool {
        !self.is_sent_away && [&self.client, &self.fellow].into_iter().all(Side::is_between)
    }

    /// Whether no stream is open.
    pub fn are_over(&self) -> bool {
        self.unasked.is_empty() && self.unanswered.is_empty()
    }

    /// Whether something was asked, and no stream is open.
    pub fn are_all_answered(&self) -> bool {
        self.last > 0 && self.are_over()
    }

    /// Whether a request was answered to its end.
    pub fn has_answered(&self) -> bool {
        self.has_answered
    }

    /// The last stream that the client has begun; 0: it has asked nothing.
    pub fn last(&self) -> u32 {
        self.last
    }
}

impl Side {
    /// Takes bytes away up to the end of a frame: which one, and which stream its sender has ended with it. `None`: none has
    /// ended, or they are not understood.
    fn take(&mut self, bytes: &mut &[u8]) -> Option<(Frame, Option<u32>)> {
        if self.is_nonsense {
            return None;
        }
        let (taken, frame) = self.frames.take(bytes);
        *bytes = &bytes[taken..];
        let frame = frame?;
        self.is_nonsense = !self.has_begun && !frame.is_settings();
        self.has_begun = true;
        if frame.is_of_head() {
            self.is_in_head = !frame.ends_head();
        }
        if frame.ends_stream() {
            self.ending = Some(frame.stream);
        }
        let ended = if self.is_in_head { None } else { self.ending.take() };
        Some((frame, ended))
    }

    fn is_between(&self) -> bool {
        self.has_begun && !self.is_nonsense && !self.is_in_head && self.frames.is_between()
    }
}

#[cfg(test)]
#[path = "streams/tests.rs"]
mod tests;
