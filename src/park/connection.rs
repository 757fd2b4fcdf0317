//! The state machine of one connection.
use super::FirstBytes;
use super::quiet::{Patience, QUIET, Quiet};
use crate::sockets::connections::Standing;
use std::time::Duration;

/// The length of `HTTP/1.1 100 Continue`, with its empty line: when the server has said no more than that, the bytes
/// that come then are the body it asked for (RFC 9110, section 15.2.1).
const CONTINUE: u64 = 25;
/// After so many releases of what was no request, although the server had spoken, this is no HTTP/1.
const STRANGE: u8 = 2;

/// One look at a connection that the server has.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// When, by the drain's clock.
    pub at: Duration,
    /// Bytes from the client so far.
    pub received: u64,
    /// Those of them that nobody has read.
    pub unread: u64,
    /// Bytes from the server so far.
    pub sent: u64,
    /// All of them are acknowledged.
    pub delivered: bool,
    /// Since the client's last byte.
    pub client_quiet: Duration,
    /// Since the server's last byte.
    pub server_quiet: Duration,
    /// The client has closed its half. That wakes the server, whatever the mark.
    pub half_closed: bool,
    /// What it is doing, by its counters; `None` where they do not tell.
    pub standing: Option<Standing>,
}

/// What is to be done with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Raise the mark, and say when it is up: [`Connection::raised`].
    Raise,
    /// Lower the mark: what waits is the server's.
    Lower,
    /// Look at the bytes that wait, and say what they are: [`Connection::peeked`].
    Peek,
    /// Take the late request, and say whether it could be had: [`Connection::took`].
    Take,
}

/// How a connection stands with us.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stance {
    /// The server's alone.
    #[default]
    Open,
    /// The mark is up.
    Parked,
    /// The late request is ours, and with it the connection.
    Taken,
    /// Not HTTP/1 in clear text: never to be parked again.
    Unknown,
}

/// One connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Connection {
    stance: Stance,
    quiet: Quiet,
    /// Bytes received at the look before.
    received: u64,
    /// Bytes that the server had read, and had sent, when that was last clear.
    read: u64,
    sent: u64,
    /// The server has read a request, or a part of one, and has not spoken since.
    owes: bool,
    /// What waits, and since when it does.
    waiting: Option<FirstBytes>,
    waiting_since: Duration,
    /// A request came while another was open.
    pipelines: bool,
    /// A body is on its way: not to be parked before the server speaks.
    uploads: bool,
    strange: u8,
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
        self.owes
    }

    /// What the server had read of it, and said on it, when it was last clear: what a late request is taken by.
    #[must_use]
    pub fn settled(&self) -> (u64, u64) {
        (self.read, self.sent)
    }

    /// Takes in a look.
    pub fn look(&mut self, seen: &Seen) -> Option<Act> {
        self.quiet.look(seen);
        // Rows give the two counters of different instants: only what two looks agree on is a fact.
        let agreed = self.received == seen.received;
        self.received = seen.received;
        match self.stance {
            Stance::Open => self.open(seen),
            Stance::Parked => self.parked(seen, agreed),
            Stance::Taken | Stance::Unknown => None,
        }
    }

    /// The mark is up, and nothing was unread when it was.
    pub fn raised(&mut self) {
        self.stance = Stance::Parked;
    }

    /// The bytes that wait are these.
    pub fn peeked(&mut self, what: FirstBytes, seen: &Seen) -> Option<Act> {
        self.waiting = Some(what);
        self.decide(what, seen)
    }

    /// Whether our own recv(2) has taken the late request. Where it has not, the server was quicker.
    pub fn took(&mut self, taken: bool) {
        if taken {
            self.stance = Stance::Taken;
        } else {
            self.waiting = None;
        }
    }

    /// What the drain should take it to be doing.
    #[must_use]
    pub fn standing(&self, seen: &Seen, patience: Patience) -> Option<Standing> {
        // What is parked comes to rest; only what is not may never do so.
        let patience = if self.stance == Stance::Parked { Patience::Patient } else { patience };
        let rest = if self.quiet.is_rest(seen, patience) { Standing::Idle } else { Standing::InFlight };
        match (self.stance, seen.standing) {
            (Stance::Taken, _) => Some(Standing::Over),
            (Stance::Parked, Some(Standing::Unread)) => Some(match self.waiting {
                Some(FirstBytes::Blank) => rest,
                Some(FirstBytes::Request) if self.pipelines && !self.owes => rest,
                _ => Standing::InFlight,
            }),
            (_, Some(Standing::Idle)) => Some(rest),
            (_, standing) => standing,
        }
    }

    fn open(&mut self, seen: &Seen) -> Option<Act> {
        self.uploads &= seen.sent == self.sent;
        let owes = match seen.standing {
            // An answer that is on its way is in flight, and nothing is owed.
            Some(Standing::InFlight) => seen.delivered || seen.client_quiet <= seen.server_quiet,
            Some(Standing::Idle) => false,
            _ => return None,
        };
        if seen.half_closed || seen.unread > 0 || self.uploads {
            return None;
        }
        (self.read, self.sent, self.owes, self.waiting) = (seen.received, seen.sent, owes, None);
        Some(Act::Raise)
    }

    fn parked(&mut self, seen: &Seen, agreed: bool) -> Option<Act> {
        if seen.half_closed {
            return Some(self.release(seen));
        }
        if seen.unread == 0 {
            self.waiting = None;
            if agreed {
                // More was read in spite of the mark, as servers do that read before they wait: and whether they have
                // spoken since is told by the counters alone.
                let more = seen.received > self.read;
                self.owes = match seen.standing {
                    Some(Standing::Idle) => false,
                    // An answer that is not acknowledged yet is in flight, and nothing is owed.
                    _ => more || self.owes && seen.sent == self.sent,
                };
                (self.read, self.sent) = (seen.received, seen.sent);
            }
            return None;
        }
        let read = seen.received.saturating_sub(seen.unread);
        if agreed && read > self.read {
            // Read in part: and whether the server has spoken since cannot be told.
            (self.read, self.sent, self.owes, self.waiting) = (read, seen.sent, true, None);
        } else if seen.sent > self.sent {
            let continues = self.owes && seen.sent - self.sent == CONTINUE;
            (self.sent, self.owes) = (seen.sent, false);
            if continues {
                return Some(self.release(seen));
            }
        }
        match self.waiting {
            Some(what @ (FirstBytes::Request | FirstBytes::Other)) => self.decide(what, seen),
            Some(FirstBytes::Part | FirstBytes::Blank) | None => {
                if self.waiting.is_none() {
                    self.waiting_since = seen.at;
                }
                Some(Act::Peek)
            }
        }
    }

    fn decide(&mut self, what: FirstBytes, seen: &Seen) -> Option<Act> {
        let rest = seen.delivered && seen.server_quiet >= QUIET;
        match what {
            FirstBytes::Blank => None,
            FirstBytes::Other => {
                if !self.owes {
                    self.strange += 1;
                }
                let act = self.release(seen);
                if self.strange >= STRANGE {
                    self.stance = Stance::Unknown;
                }
                Some(act)
            }
            FirstBytes::Part if self.owes => Some(self.release(seen)),
            // Two requests at once, or a body that looks like one: only the server knows, and if it does not speak it
            // may be waiting for this.
            FirstBytes::Request if self.owes => {
                self.pipelines = true;
                let waited = seen.at.saturating_sub(self.waiting_since);
                (waited >= QUIET && seen.server_quiet >= QUIET).then(|| self.release(seen))
            }
            // The end of one answer may not be the end of all: left unread until the server lets go.
            FirstBytes::Request if self.pipelines => None,
            FirstBytes::Request => rest.then_some(Act::Take),
            FirstBytes::Part => (rest && seen.client_quiet >= QUIET).then_some(Act::Take),
        }
    }

    fn release(&mut self, seen: &Seen) -> Act {
        self.stance = Stance::Open;
        (self.sent, self.waiting, self.uploads) = (seen.sent, None, true);
        Act::Lower
    }
}
