//! What one connection is doing, told from its counters alone, with no help from the server.
use super::diag::Row;
use super::tcp_info::TcpInfo;
use std::collections::HashMap;
use std::time::Duration;

/// States of net/tcp_states.h, as rows have them.
const TCP_SYN_RECV: u8 = 3;
const TCP_FIN_WAIT1: u8 = 4;
const TCP_CLOSE_WAIT: u8 = 8;
const TCP_LAST_ACK: u8 = 9;
const TCP_CLOSING: u8 = 11;

/// When both ends spoke within one tick of the kernel's clock, nobody can tell who spoke last; after so long
/// without a byte either way the connection is taken to be at rest.
pub const TIE_QUIET: Duration = Duration::from_secs(1);

/// What a connection is doing (the words are the design's).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The handshake is in progress.
    HalfOpen,
    /// Complete, and in the accept queue.
    Queued,
    /// Bytes that the server has not read.
    Unread,
    /// The client spoke last, or the answer is not fully acknowledged.
    InFlight,
    /// Not a byte yet in either direction, for so long.
    Silent(Duration),
    /// The server spoke last, and nothing is outstanding.
    Idle,
    /// Over: the server has closed it, and all it said is delivered.
    Over,
}

/// What a row of the kernel's table says of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// The state of net/tcp_states.h.
    pub state: u8,
    /// Some process has it: it was accepted and not closed.
    pub owned: bool,
    /// Bytes received and not read.
    pub recv_queue: u32,
    /// Bytes sent, or waiting to be, and not acknowledged; a FIN counts as one.
    pub send_queue: u32,
    /// From TCP_INFO; `None` where the kernel did not send it.
    pub spoken: Option<Spoken>,
}

/// Who said how much, and when last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoken {
    /// Bytes from the client, without a FIN.
    pub received: u64,
    /// Bytes from the server.
    pub sent: u64,
    /// Since the client's last byte; since the handshake, when there was none.
    pub since_received: Duration,
    /// Since the server's last byte.
    pub since_sent: Duration,
}

impl Counters {
    /// Reads a row.
    #[must_use]
    pub fn of(row: &Row) -> Self {
        let fin = u64::from(matches!(row.state(), TCP_CLOSE_WAIT | TCP_LAST_ACK | TCP_CLOSING));
        let spoken = row.tcp_info().and_then(|bytes| {
            let info = TcpInfo(bytes);
            Some(Spoken {
                received: info.bytes_received()?.saturating_sub(fin),
                sent: info.bytes_sent()?,
                since_received: Duration::from_millis(info.last_data_recv_ms()?.into()),
                since_sent: Duration::from_millis(info.last_data_sent_ms()?.into()),
            })
        });
        Self {
            state: row.state(),
            owned: row.inode() != 0,
            recv_queue: row.recv_queue(),
            send_queue: row.send_queue(),
            spoken,
        }
    }
}

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
    seen: HashMap<u64, Seen>,
    look: u64,
}

#[derive(Debug)]
struct Seen {
    received: u64,
    sent: u64,
    last: Last,
    look: u64,
}

impl Memory {
    /// Begins a look; connections that the last two looks did not show are forgotten.
    pub fn begin(&mut self) {
        let look = self.look;
        self.seen.retain(|_, seen| seen.look == look);
        self.look += 1;
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
            _ if now.recv_queue > u32::from(now.state == TCP_CLOSE_WAIT) => return Some(Standing::Unread),
            _ => {}
        }
        let spoken = now.spoken?;
        let last = self.last(cookie, spoken);
        Some(match (spoken.received, spoken.sent) {
            (0, 0) if now.state == TCP_CLOSE_WAIT => Standing::Idle,
            (0, 0) => Standing::Silent(spoken.since_received),
            (_, 0) => Standing::InFlight,
            _ if now.send_queue > 0 => Standing::InFlight,
            _ => match last {
                Last::Client => Standing::InFlight,
                Last::Unclear if spoken.since_received.min(spoken.since_sent) < TIE_QUIET => {
                    Standing::InFlight
                }
                Last::Unclear | Last::Server => Standing::Idle,
            },
        })
    }

    fn last(&mut self, cookie: u64, now: Spoken) -> Last {
        let by_clock = match now.since_received.cmp(&now.since_sent) {
            std::cmp::Ordering::Less => Last::Client,
            std::cmp::Ordering::Greater => Last::Server,
            std::cmp::Ordering::Equal => Last::Unclear,
        };
        let look = self.look;
        let seen = self.seen.entry(cookie).or_insert(Seen {
            received: now.received,
            sent: now.sent,
            last: by_clock,
            look,
        });
        match (now.received > seen.received, now.sent > seen.sent) {
            (true, false) => seen.last = Last::Client,
            (false, true) => seen.last = Last::Server,
            (true, true) => seen.last = by_clock,
            (false, false) => {}
        }
        (seen.received, seen.sent, seen.look) = (now.received, now.sent, look);
        seen.last
    }
}
