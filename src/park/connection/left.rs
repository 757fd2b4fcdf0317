//! What a server was left, and when it has spoken on it.
use super::moment::Moment;
use super::{Act, Connection, Owes, QUIET, Seen, Stance, read};
use std::time::Duration;

/// The length of `HTTP/1.1 100 Continue`, with its empty line: when the server has said no more than that, the bytes
/// that come then are the body it asked for (RFC 9110, section 15.2.1).
const CONTINUE: u64 = 25;
/// A client that was told to continue does so at once. If it has not by then, the server said something else.
const CONTINUES_WITHIN: Duration = Duration::from_secs(2);

/// What the server was left, and is to speak on before the connection is parked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Bytes that waited.
    Bytes,
    /// The body that it has asked for by a 100 Continue.
    Continued,
    /// The end of what the client says.
    End,
}

impl Connection {
    /// Whether the server was asked something, and has said no more than that it wants the body.
    pub(super) fn continues(&self, seen: &Seen) -> bool {
        (self.owes() || read(seen) > self.read) && seen.sent.checked_sub(self.sent) == Some(CONTINUE)
    }

    /// Whether the server has got what it has not spoken on, although clocks that tie do not say so.
    pub(super) fn has_its_own(&self, seen: &Seen) -> bool {
        match self.left {
            Some(Left::Bytes) => true,
            Some(Left::Continued) => seen.server_quiet < CONTINUES_WITHIN,
            Some(Left::End) | None => false,
        }
    }

    pub(super) fn release(&mut self, what: Left, seen: &Seen) -> Act {
        self.stance = Stance::Open;
        self.leave(what, seen);
        self.lowered_at = Some(Moment::of(seen.at));
        Act::Lower
    }

    pub(super) fn leave(&mut self, what: Left, seen: &Seen) {
        (self.read, self.sent, self.waiting) = (read(seen), seen.sent, None);
        (self.left, self.lowered_at) = (Some(what), None);
        if what != Left::End {
            self.owes = Owes::Answer;
        }
    }

    /// A server that has read none of what it was left may not have been told.
    pub(super) fn lower_again(&mut self, seen: &Seen) -> Option<Act> {
        let overdue = self.lowered_at.is_some_and(|lowered| lowered.ago(seen.at) >= QUIET);
        if seen.half_closed || seen.unread == 0 || read(seen) > self.read || !overdue {
            return None;
        }
        // Told only now: what it has said meanwhile was not on this.
        self.leave(self.left.unwrap_or(Left::Bytes), seen);
        self.lowered_at = Some(Moment::of(seen.at));
        Some(Act::Lower)
    }
}
