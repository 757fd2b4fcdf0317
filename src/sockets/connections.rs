//! One connection's counters, as a row of the kernel's table gives them, and the words for what they say.
use super::diag::Row;
use super::tcp_info::TcpInfo;
use std::time::Duration;

/// States of net/tcp_states.h, as rows have them.
pub(super) const TCP_SYN_RECV: u8 = 3;
pub(super) const TCP_FIN_WAIT1: u8 = 4;
/// The client has closed its half.
pub const TCP_CLOSE_WAIT: u8 = 8;
pub(super) const TCP_LAST_ACK: u8 = 9;
pub(super) const TCP_CLOSING: u8 = 11;

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
    /// Both spoke within one tick of the kernel's clock, a moment ago: in flight or at rest.
    Unclear,
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
    /// Something that the server said is not acknowledged or not sent: as `send_queue`, but of the same instant as the
    /// counters here. `None` where the kernel does not tell.
    pub outstanding: Option<bool>,
    /// Segments without data from the client: acknowledgements alone, a FIN. `None` where the kernel does not count.
    pub bare_received: Option<u32>,
    /// Segments without data from the server.
    pub bare_sent: Option<u32>,
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
                outstanding: info.unacknowledged().zip(info.not_sent()).map(|both| both != (0, 0)),
                bare_received: info.bare_segments_received(),
                bare_sent: info.bare_segments_sent(),
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
