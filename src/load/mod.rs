//! The load engine: HTTP/1.1 clients, each connection or request with a verdict that names the phase in which it failed.
//!
//! Beside them there is [`Told`]: the clients of another program, in whatever protocol, which tells of each by lines.
//!
//! It knows addresses and time, nothing of processes, clusters or verbs: whoever drives it decides where to
//! send and when to stop. There are two kinds of clients:
//! - [`Load`]: fresh connections at a fixed rate. It is *open loop*: connection k starts at k/rate whether or not earlier
//!   ones have ended, as independent users do, so a server that is slow or gone does not slow the load down.
//! - [`KeptAlive`]: so many clients that keep their connection, each a *closed loop*.
//!
//! Way in and out:
//! - In: a [`Plan`] or a [`KeptAlivePlan`]; `start`, and of the [`UnderWay`] that it gives `stop` and `finish`. [`ask`] is a single connection, [`capacity`] the
//!   answers a second of a closed loop of fresh connections.
//! - Out: an [`Outcome`] a connection or request, summed by [`Tally::of`].
//!
//! Everything needs a tokio runtime with time and I/O; one thread is enough.
pub(crate) mod body;
mod book;
mod capacity;
mod connection;
mod engine;
mod kept_alive;
mod limits;
mod names;
mod plan;
#[cfg(any(test, fuzzing))]
pub(crate) mod readers;
mod reading;
mod response;
mod tally;
mod told;
mod under_way;
mod verdict;

pub use book::Now;
pub use capacity::capacity;
pub use connection::ask;
pub use engine::Load;
pub use kept_alive::{Body, Framing, KeptAlive, KeptAlivePlan};
pub use limits::at_once;
pub use plan::{Plan, Request, Slow};
pub use tally::{Latency, Tally};
pub use told::{NotUnderstood, Told};
pub use under_way::UnderWay;
pub use verdict::{Cause, Class, Failure, Local, Outcome, Phase, Verdict};
