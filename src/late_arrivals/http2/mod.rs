//! HTTP/2 with prior knowledge (RFC 9113), gRPC above all: as much of it as it takes to say that nothing was processed, or
//! nothing behind a request that a fellow answers.
//!
//! ```text
//! client --preface, SETTINGS--> us
//! client <------SETTINGS, ACK-- us     some clients wait for it before they ask
//! client --HEADERS, ...-------> us
//! client <---GOAWAY, last 0---- us     a little later; then our half is closed, and what still comes is read away
//! ```
//!
//! No stream was processed, so every request may be sent again to another server, POST as well as GET (RFC 9113,
//! section 8.7). Headers are not decoded, and nothing but the frames' own headers is looked at. How a client is sent away
//! that is relayed: [`super::relay`].
pub(super) mod frames;
pub(super) mod goaway;
mod streams;

pub use frames::{HIGHEST_STREAM, PREFACE, goaway};
pub use goaway::send_away;
pub use streams::Streams;
