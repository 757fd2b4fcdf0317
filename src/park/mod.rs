//! Park: what is to be done with one open connection, so that a new request on it does not reach a server that is
//! about to stop. The decision alone: looks in, acts out. No I/O, no clock.
//!
//! A parked connection has its low-water mark raised (SO_RCVLOWAT): the next request stays unread, with or without us.
//! What comes on it is either the start of a request, on a connection that owes nothing: a *late request*, which is
//! taken and answered. Or it belongs to what the server works on: then the connection is released at once. In doubt it
//! is left to the server, which is as well off as without us.
//!
//! | file | subject |
//! |---|---|
//! | `seen` | what is seen of a connection, and what is to be done with it |
//! | `connection` | the state machine of one connection |
//! | `quiet` | how long a silence is a rest |
//! | `first_bytes` | what the bytes are that wait |
//! | `figures` | what is told about it |
mod connection;
mod figures;
mod first_bytes;
mod quiet;
#[cfg(any(test, fuzzing))]
pub(crate) mod readers;
mod seen;
#[cfg(test)]
mod tests;

pub use connection::Connection;
pub use figures::Figures;
pub use first_bytes::{FirstBytes, PEEK};
pub use quiet::{Patience, QUIET};
pub use seen::{Act, Seen, Stance};
