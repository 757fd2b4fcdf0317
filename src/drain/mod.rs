//! The drain: when to close the gate, and when to let the server have its stop signal.
//!
//! ```text
//! serving --stop signal--> lame duck --settled--> gated --nothing left--> stopping --exit--> exited
//! ```
//!
//! * **Lame duck**: the server goes on accepting for at least `lame_duck`, then until no new connection has arrived
//!   for `settle`. Ends in any case `settle_timeout` after the least time. What the Services' endpoints tell moves that
//!   time: `lame_duck` has the rules.
//! * **Gated**: new connections come to lameduck, not to the server. Ends the moment that nothing is left of what
//!   is waited for, and then the stop signal is *forwarded*.
//! * **Stopping**: the server has its signal. `kill_after` later it is killed.
//!
//! Every phase ends at the limit at the latest: `timeout` after the stop signal, or `reserve` before the deadline.
//! A second stop signal ends the waiting at once. Whatever an observation cannot tell is not waited for.
//!
//! The [`Drain`] is a pure state machine: events and a clock in, actions out. It does no I/O, does not sleep, and
//! reads no clock; whoever drives it does. It knows nothing of sockets, processes or Kubernetes.
mod event;
mod lame_duck;
mod machine;
mod policy;
mod report;
mod tally;
#[cfg(test)]
mod tests;

pub use event::{Action, Endpoints, Event, Observation, Outcome, Phase};
pub use machine::Drain;
pub use policy::{Condition, Policy};
pub use report::{Answers, LeftBehind, Report, SocketReport};
pub use tally::{Figure, Tally};
