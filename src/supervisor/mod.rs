//! The supervisor: starts the server as its child, passes every signal on to it, reaps whatever ends, and
//! knows the exit status.
//!
//! The order is the rule, as in every careful init: block the signals, so that none is lost or kills us;
//! adopt orphans; start the child. Until the child runs, any failure ends lameduck; from then on nothing may,
//! and trouble is only a warning.
//!
//! ```text
//! Signals::block() -> adopt_orphans() -> Child::spawn() -> loop { poll(signals); Routing::route() }
//!                                                              ChildChanged -> Child::reap() -> Status
//!                                                              Forward      -> Child::send()
//!                                                              Stop         -> the caller's drain, then Child::send()
//! ```
//!
//! While the server serves, the caller's one `poll(2)` has no timeout: but for capture by bind lameduck has no timer and
//! no thread, and does not wake up. This room knows processes and signals. It knows nothing of sockets or of the drain.
mod child;
mod exec;
mod exit_codes;
mod failure;
mod graceful;
mod inherited;
mod lookup;
mod parent;
mod routing;
mod signal;
mod signalfd;
mod spawn;
mod status;
mod successor;
mod sys;
mod terminal;

pub use child::{Child, ForwardTo, adopt_orphans};
pub use exit_codes::ExitCodes;
pub use failure::SpawnError;
pub use graceful::hint as stop_signal_hint;
pub use parent::{Parent, ParentError};
pub use routing::{Route, Routing};
pub use signal::Signal;
pub use signalfd::{Received, Signals};
pub use spawn::Launch;
pub use status::Status;
