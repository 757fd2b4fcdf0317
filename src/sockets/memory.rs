//! What a connection is doing, told from its counters alone, with no help from the server.
//!
//! Who spoke last is told, strongest first, by
//! 1. whose counter alone has grown since the look before;
//! 2. how the answer was acknowledged: with no segment for it alone, the next request must have done it, as it does
//!    when it follows at once;
//! 3. the clocks of both ends' last words, where they do not tie;
//! 4. the server's own acknowledgement of what came last: it has no answer yet to send it with;
//! 5. quiet: [`TIE_QUIET`].
use super::by_cookie::{ByCookie, is_remembered};
use super::connections::{
    Counters, Spoken, Standing, TCP_CLOSE_WAIT, TCP_CLOSING, TCP_FIN_WAIT1, TCP_LAST_ACK, TCP_SYN_RECV,
};
use std::time::Duration;

/// When both ends spoke within one tick of the kernel's clock, nobody can tell who spoke last; after so long
/// without a byte either way the connection is taken to be at rest.
pub const TIE_QUIET: Duration = Duration::from_secs(1);

/// Who spoke last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Client,
    Server,
    Unclear,
}

/// Remembers each connection's counters from look to look, because clocks tie.
#[derive(Debug, Default)]
pub struct Memory {
    seen: ByCookie<Seen>,
    look: u32,
}

/// Small: there may be ten thousand.
#[derive(Debug)]
struct Seen {
    received: u64,
    sent: u64,
    /// Received and sent; 0 where the kernel does not count them.
    bare: [u32; 2],
    counts_bare: bool,
    last: Last,
    look: u32,
}

impl Memory {
    /// Ends a look that showed all connections: those that it and the ones before did not show are forgotten.
    pub fn end_of_look(&mut self) {
        let look = self.look;
        self.seen.end_look(|seen| is_remembered(seen.look, look));
        self.look = look.wrapping_add(1);
    }

    /// What the connection of this cookie is doing; `None` where the kernel does not tell.
    pub fn standing(&mut self, cookie: u64, now: Counters) -> Option<Standing> {
        match now.state {
            TCP_SYN_RECV => return Some(Standing::HalfOpen),
            // Closed by the server: what it said may still be on its way; the last of the queue is the FIN.
            TCP_FIN_WAIT1 | TCP_CLOSING | TCP_LAST_ACK => {
                return Some(if now.send_queue > 1 { Standing::InFlight } else { Standing::Over });
            }
            _ if !now.owned => return Some(Standing::Queued),
            _ => {}
        }
        // Remembered while unread, too: the next look may show both ends' last words in one tick.
        let spoken = now.spoken.map(|spoken| (spoken, self.last(cookie, now, spoken)));
        if now.recv_queue > u32::from(now.state == TCP_CLOSE_WAIT) {
            return Some(Standing::Unread);
        }
        let (spoken, last) = spoken?;
        Some(match (spoken.received, spoken.sent) {
            (0, 0) if now.state == TCP_CLOSE_WAIT => Standing::Idle,
            (0, 0) => Standing::Silent(spoken.since_received),
            (_, 0) => Standing::InFlight,
            // The row's own queue is read without the socket's lock, before all the rest: what it held may be acknowledged.
            _ if spoken.outstanding.unwrap_or(now.send_queue > 0) => Standing::InFlight,
            // The server greeted, and the client has not said a word.
            (0, _) => Standing::Idle,
            _ => match last {
                Last::Client => Standing::InFlight,
                Last::Unclear if spoken.since_received.min(spoken.since_sent) < TIE_QUIET => {
                    Standing::Unclear
                }
                Last::Unclear | Last::Server => Standing::Idle,
            },
        })
    }

    fn last(&mut self, cookie: u64, row: Counters, now: Spoken) -> Last {
        let look = self.look;
        let place = self.seen.place(cookie, || Seen::of(now, by_clock(now), look));
        let seen = &mut self.seen[place];
        let last = match (now.received > seen.received, now.sent > seen.sent) {
            (true, false) => Last::Client,
            (false, true) => Last::Server,
            (true, true) if seen.was_acknowledged_by_words(now) => Last::Client,
            (true, true) => by_clock(now),
            (false, false) if seen.last == Last::Unclear && seen.has_acknowledged_words(row, now) => {
                Last::Client
            }
            (false, false) => seen.last,
        };
        *seen = Seen::of(now, last, look);
        last
    }
}

impl Seen {
    fn of(spoken: Spoken, last: Last, look: u32) -> Self {
        let Spoken { received, sent, bare_received, bare_sent, .. } = spoken;
        let (bare, counts_bare) = match (bare_received, bare_sent) {
            (Some(received), Some(sent)) => ([received, sent], true),
            _ => ([0; 2], false),
        };
        Self { received, sent, bare, counts_bare, last, look }
    }

    fn bare_grew(&self, which: usize, now: Option<u32>) -> Option<bool> {
        self.counts_bare.then_some(self.bare[which] != now?)
    }

    /// Whether the last of what the server said came to be acknowledged by a segment with data: the client spoke after
    /// it.
    fn was_acknowledged_by_words(&self, now: Spoken) -> bool {
        now.outstanding == Some(false) && self.bare_grew(0, now.bare_received) == Some(false)
    }

    /// Whether the server's kernel has acknowledged what the client said by a segment of its own, as it does some 40 ms
    /// later when there is no answer to send it with. After a second this would prove nothing: keep-alive probes are
    /// such segments too, and begin then at the earliest (`TCP_KEEPIDLE`). Nor after a FIN, which is acknowledged as
    /// well.
    fn has_acknowledged_words(&self, row: Counters, now: Spoken) -> bool {
        let at_once = row.state != TCP_CLOSE_WAIT && now.since_received < TIE_QUIET;
        at_once && self.bare_grew(1, now.bare_sent) == Some(true)
    }
}

fn by_clock(now: Spoken) -> Last {
    match now.since_received.cmp(&now.since_sent) {
        std::cmp::Ordering::Less => Last::Client,
        std::cmp::Ordering::Greater => Last::Server,
        std::cmp::Ordering::Equal => Last::Unclear,
    }
}

#[cfg(test)]
mod tests;
