//! Relay: a fellow server is asked in our place, and the client sees its answer.
//!
//! ```text
//! client --request, asking for the close--> fellow
//! client <--------answer, as it comes------ fellow
//! ```
//!
//! A request goes up with `Connection: close` and nothing else changed, behind the header of the PROXY protocol that it
//! came with; its body is passed on as it comes, and nothing that is pipelined behind it. The answer comes down byte for
//! byte, interim ones too. A WebSocket handshake is passed on untouched; after 101, and for all that is not HTTP, bytes
//! pass both ways until the fellow closes. Each side is read no faster than the other takes it.
//!
//! HTTP/2 passes as it is too. So that no client keeps its connection until the desk closes, it is sent away between two
//! frames, in the graceful way (RFC 9113, section 6.8):
//!
//! ```text
//! client <------answers-------- fellow
//! client <--GOAWAY, 2^31-1-- us         only who has not rested a second after its first answer: it opens no more streams
//! client <------answers-------- fellow  to the last stream that is open
//! client <--GOAWAY, last --- us         at rest: no stream behind `last` was processed; then the close
//! ```
//!
//! A fellow that takes a request and ends without a byte of an answer is left for the next one, where doing it twice is as good
//! as doing it once (RFC 9110, section 9.2.2) and all of the request is still in hand.
//!
//! A relay lasts as long as its fellow takes, until the desk closes. A relay that came back to this desk is answered:
//! it has one of our own connections at its other end. Two lameducks that stop at the same time and name each other go
//! round until one of them has no room for more relays, and answers.
mod exchange;
mod farewell;
mod fellow;
mod http2;
mod link;
mod lookup;
mod repeating;
pub(super) mod response;
pub(super) mod rewrite;
mod round;

use exchange::pass_request;
pub use exchange::{Passed, pass_bytes};
pub use fellow::Fellow;
pub use http2::pass_http2;
pub use link::{Link, Relay};
pub use repeating::{Unanswered, pass_on};
pub use round::Round;
