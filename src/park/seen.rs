//! The words between the one who looks and the state machine: what is seen, and what is to be done.
use crate::sockets::connections::Standing;
use std::time::Duration;

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
    /// Lower the mark: what waits is the server's. Comes again while none of it has been read, in case it could not be
    /// done.
    Lower,
    /// Look at the bytes that wait, and say what they are: [`Connection::peeked`].
    Peek,
    /// Take the late request, and say whether it could be had: [`Connection::took`]; or, where it cannot be had as a whole,
    /// [`Connection::give_back`].
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
