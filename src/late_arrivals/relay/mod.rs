//! Relay: a fellow server is asked in our place, and the client sees its answer.
//!
//! ```text
//! client --request, asking for the close--> fellow
//! client <--------answer, as it comes------ fellow
//! ```
//!
//! A request goes up with `Connection: close` and nothing else changed, behind the header of the PROXY protocol that it came with; its body is passed on as it comes, and nothing
//! that is pipelined behind it. The answer comes down byte for byte, interim ones too. A WebSocket handshake is
//! passed on untouched; after 101, and for all that is not HTTP/1, bytes pass both ways until the fellow closes. Each
//! side is read no faster than the other takes it.
//!
//! A relay lasts as long as its fellow takes, until the desk closes. A relay that came back to this desk is answered:
//! it has one of our own connections at its other end. Two lameducks that stop at the same time and name each other go
//! round until one of them has no room for more relays, and answers.
mod exchange;
mod fellow;
mod link;
mod response;
mod rewrite;

pub use exchange::{Passed, pass_bytes, pass_request};
pub use fellow::Fellow;
pub use link::{Link, Relay};
