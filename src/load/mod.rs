//! The load engine: fresh HTTP/1.1 connections at a fixed rate, each with a verdict that names the phase in
//! which it failed.
//!
//! It knows addresses and time, nothing of processes, clusters or verbs: whoever drives it decides where to
//! send and when to stop. The load is *open loop*: connection k starts at k/rate whether or not earlier ones
//! have ended, as independent users do, so a server that is slow or gone does not slow the load down.
//!
//! - In: a [`Plan`]; [`Load::start`], [`Load::stop`], [`Load::finish`]. [`ask`] is a single connection,
//!   [`capacity`] the answers a second of a closed loop.
//! - Out: an [`Outcome`] a connection, summed by [`Tally::of`].
//!
//! Everything needs a tokio runtime with time and I/O; one thread is enough.
mod capacity;
mod connection;
mod engine;
mod limits;
mod names;
mod plan;
mod response;
mod tally;
mod verdict;

pub use capacity::capacity;
pub use connection::ask;
pub use engine::{Load, Now};
pub use limits::at_once;
pub use plan::{Plan, Request, Slow};
pub use tally::{Latency, Tally};
pub use verdict::{Cause, Class, Failure, Local, Outcome, Phase, Verdict};
