//! The state machine of one connection.
mod left;
mod moment;
mod standing;
mod waiting;

use super::quiet::{QUIET, Quiet};
use super::{Act, FirstBytes, Seen, Stance};
use crate::sockets::connections::Standing;
use left::Left;
use moment::Moment;

/// Whether the server has read a request, or a part of one, and has not spoken since.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Owes {
    #[default]
    Nothing,
    /// Clocks that tie do not tell.
    Unclear,
    Answer,
}

/// One connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Connection {
    stance: Stance,
    quiet: Quiet,
    /// At the last look as many bytes had been received as at the look before.
    agreed: bool,
    /// Bytes that the server had read, and had sent, when that was last clear.
    read: u64,
    sent: u64,
    owes: Owes,
    /// What waits, and since when it does.
    waiting: Option<FirstBytes>,
    waiting_since: Moment,
    /// A request came while another was open.
    pipelines: bool,
    /// What the server was left, until it speaks.
    left: Option<Left>,
    /// When the mark was lowered, last.
    lowered_at: Option<Moment>,
    strange: u8,
    in_spite: u8,
}

impl Connection {
    /// How it stands with us.
    #[must_use]
    pub fn stance(&self) -> Stance {
        self.stance
    }

    /// Whether a request came on it while another was open.
    #[must_use]
    pub fn pipelines(&self) -> bool {
        self.pipelines
    }

    /// Whether the server has read a request, or a part of one, and has not spoken since.
    #[must_use]
    pub fn owes(&self) -> bool {
        self.owes != Owes::Nothing
    }

    /// What the server had read of it, and said on it, when it was last clear: what a late request is taken by.
    #[must_use]
    pub fn settled(&self) -> (u64, u64) {
        (self.read, self.sent)
    }

    /// Takes in a look.
    pub fn look(&mut self, seen: &Seen) -> Option<Act> {
        // Rows give the two counters of different instants: only what two looks agree on is a fact.
        self.agreed = self.quiet.received() == seen.received;
        self.quiet.look(seen);
        match self.stance {
            Stance::Open => self.open(seen),
            Stance::Parked => self.parked(seen),
            Stance::Unknown => self.lower_again(seen),
            Stance::Taken => None,
        }
    }

    /// The mark is up, and nothing was unread when it was.
    pub fn raised(&mut self) {
        self.stance = Stance::Parked;
    }

    /// The bytes that wait are these, and `read` bytes had been read before them.
    pub fn peeked(&mut self, what: FirstBytes, read: u64, seen: &Seen) -> Option<Act> {
        self.waiting = Some(what);
        // Further on it may be the rest of what was read in spite of the mark.
        let begins = !self.owes() && read == self.read;
        self.strange += u8::from(begins && what == FirstBytes::Other);
        self.count_in_spite(read);
        self.decide(what, seen)
    }

    /// Whether our own recv(2) has taken the late request. Where it has not, the server was quicker: what it did, the
    /// next look shows.
    pub fn took(&mut self, taken: bool) {
        if taken {
            self.stance = Stance::Taken;
        }
    }

    /// The late request cannot be taken as a whole: it is the server's.
    pub fn give_back(&mut self, seen: &Seen) -> Act {
        self.release(Left::Bytes, seen)
    }

    fn open(&mut self, seen: &Seen) -> Option<Act> {
        if seen.sent != self.sent {
            self.left = None;
        }
        if self.continues(seen) {
            self.leave(Left::Continued, seen);
        }
        if self.left.is_some() {
            return self.lower_again(seen);
        }
        let clear = matches!(seen.standing, Some(Standing::InFlight | Standing::Unclear | Standing::Idle));
        if seen.half_closed || seen.unread > 0 || !clear {
            self.sent = seen.sent;
            return self.lower_again(seen);
        }
        self.lowered_at = None;
        self.settle(seen);
        Some(Act::Raise)
    }

    fn parked(&mut self, seen: &Seen) -> Option<Act> {
        if seen.half_closed {
            return Some(self.release(Left::End, seen));
        }
        if self.continues(seen) {
            return Some(self.release(Left::Continued, seen));
        }
        if seen.unread == 0 {
            self.waiting = None;
            if self.agreed {
                // Whatever came was read in spite of the mark, as servers do that read before they wait.
                self.count_in_spite(seen.received);
                self.settle(seen);
            } else if seen.sent > self.sent {
                (self.sent, self.owes) = (seen.sent, Owes::Nothing);
            }
            return None;
        }
        let has_read = read(seen) > self.read;
        if has_read && self.agreed {
            // Read in part: and whether the server has spoken since cannot be told.
            self.count_in_spite(read(seen));
            (self.read, self.sent, self.waiting) = (read(seen), seen.sent, None);
            self.owes = Owes::Answer;
        } else if has_read {
            // Or it came while the row was made: the next look tells.
        } else if seen.sent > self.sent {
            // Since the request came that waits: so the answer before it was not finished.
            self.pipelines |= matches!(self.waiting, Some(FirstBytes::Request | FirstBytes::Part));
            (self.sent, self.owes) = (seen.sent, Owes::Nothing);
        }
        match self.waiting {
            Some(what @ FirstBytes::Request) if self.agreed || !has_read => self.decide(what, seen),
            waiting => {
                if waiting.is_none() {
                    self.waiting_since = Moment::of(seen.at);
                }
                Some(Act::Peek)
            }
        }
    }

    /// Nothing waits: what has come, the server has read.
    fn settle(&mut self, seen: &Seen) {
        let spoke = seen.sent > self.sent;
        let more = seen.received > self.read;
        self.owes = match seen.standing {
            Some(Standing::Idle) => Owes::Nothing,
            Some(Standing::Unclear) if more => Owes::Unclear,
            Some(Standing::InFlight) if seen.delivered => Owes::Answer,
            // In flight until the answer is acknowledged, too; often by the next request alone.
            _ if more && seen.server_quiet < seen.client_quiet => Owes::Nothing,
            _ if more && seen.server_quiet == seen.client_quiet => Owes::Unclear,
            _ if more => Owes::Answer,
            _ if spoke => Owes::Nothing,
            _ => self.owes,
        };
        (self.read, self.sent, self.waiting) = (seen.received, seen.sent, None);
    }
}

/// Bytes that the server has read; more than that, where some came while the row was made.
fn read(seen: &Seen) -> u64 {
    seen.received.saturating_sub(seen.unread)
}
