//! What is done about bytes that wait on a parked connection.
use super::left::Left;
use super::{Act, Connection, FirstBytes, Owes, QUIET, Seen, Stance};
use crate::sockets::memory::TIE_QUIET;

/// After so many releases of what was no request, although the server had spoken, this is no HTTP/1.
const STRANGE: u8 = 2;

impl Connection {
    pub(super) fn decide(&mut self, what: FirstBytes, seen: &Seen) -> Option<Act> {
        match what {
            FirstBytes::Other => {
                let act = self.release(Left::Bytes, seen);
                if self.strange >= STRANGE {
                    self.stance = Stance::Unknown;
                }
                Some(act)
            }
            // Of a body, or behind it.
            FirstBytes::Part | FirstBytes::Blank if self.owes() => Some(self.release(Left::Bytes, seen)),
            FirstBytes::Blank => None,
            // The answer to the one before is overdue, or was given in the same tick.
            FirstBytes::Request if self.owes == Owes::Unclear && !self.pipelines => {
                (seen.delivered && seen.server_quiet >= TIE_QUIET).then_some(Act::Take)
            }
            // Two requests at once, or a body that looks like one: only the server knows, and if it does not speak it
            // may be waiting for this.
            FirstBytes::Request if self.owes() => {
                self.pipelines = true;
                let waited = self.waiting_since.ago(seen.at);
                (waited >= QUIET && seen.server_quiet >= QUIET).then(|| self.release(Left::Bytes, seen))
            }
            // Its segment acknowledged all that the client had, and that was not all. The end of one answer may not be
            // the end of all either: left unread until the server lets go.
            FirstBytes::Request | FirstBytes::Part if self.pipelines || !seen.delivered => {
                self.pipelines = true;
                None
            }
            FirstBytes::Request => (seen.server_quiet >= QUIET).then_some(Act::Take),
            FirstBytes::Part => (seen.server_quiet.min(seen.client_quiet) >= QUIET).then_some(Act::Take),
        }
    }

    /// Whether what waits on a parked connection waits for the server to let go.
    pub(super) fn may_wait(&self) -> bool {
        match self.waiting {
            _ if !self.agreed => false,
            Some(FirstBytes::Blank) => true,
            Some(FirstBytes::Request | FirstBytes::Part) => self.pipelines && !self.owes(),
            Some(FirstBytes::Other) | None => false,
        }
    }
}
