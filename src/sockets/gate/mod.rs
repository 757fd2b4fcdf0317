//! The gate: keeps new connections away from the server while its queue empties, with no privilege and no help
//! from the server (divert), and closes itself without losing anyone (plug).
//!
//! The life of a group of listening sockets that share the server's address:
//! 1. [`Group::form`], when the lame duck begins: a socket of ours joins, and the program goes on sending everyone
//!    to the server. A connection of our own tries the way to our socket: a gate that would fail is known early.
//! 2. [`Group::close_gate`]: the program sends everyone to our socket. The server's queue can only shrink.
//! 3. [`Group::plug`]: when all is over, full sockets take our socket's place, so that new handshakes get no answer
//!    and are refused when they are tried again, while the last queue is emptied and closed.
//!
//! Where late arrivals speak TLS, which only the server can answer, [`Group::turn_away`] plugs earlier, and connections of
//! our own still get to the server ([`Group::passage`]).
//!
//! A unix listener's gate is simpler: [`path::PathGate`].
//! With CAP_NET_ADMIN there is another way: [`Refusal`] has the kernel answer new connections with a reset.
//!
//! docs/kernel.md tells what this stands on.
mod group;
mod own;
pub mod path;
mod place;
mod plug;
pub mod program;
pub mod refuse;

pub use group::Group;
pub use path::PathGate;
pub use place::Place;
pub use plug::{Plug, RETRANSMISSION};
pub use program::PASSAGE_CLASS;
pub use refuse::Refusal;

use super::Address;
use std::io;
use std::net::SocketAddr;

/// Why there is no gate. The drain goes on without it.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The kernel or a seccomp filter refused a step.
    #[error("{step} {address}: {error}")]
    Refused {
        /// What was tried, as in "cannot bind a second socket to".
        step: &'static str,
        /// The listener's address.
        address: Address,
        /// The kernel's answer.
        error: io::Error,
    },
    /// The server's port was bound with a privilege that lameduck has not.
    #[error(
        "cannot bind a second socket to {address}: a port below net.ipv4.ip_unprivileged_port_start needs CAP_NET_BIND_SERVICE; \
         give it to lameduck, or set that to 0"
    )]
    Privileged {
        /// The listener's address.
        address: SocketAddr,
    },
    /// Nobody can take the place of a name that is no path.
    #[error("an abstract name cannot be gated: give the server a path")]
    Abstract,
    /// It is no way in for clients.
    #[error("the server's own processes talk to each other by it")]
    Internal,
    /// A connection of our own went elsewhere than the program says: others would, too.
    #[error("a connection of lameduck's own to {address} did not reach lameduck's socket")]
    NotDiverted {
        /// The listener's address.
        address: SocketAddr,
    },
    /// A connection of our own got in although a rule refuses it: others would, too.
    #[error("a connection of lameduck's own to {address} was not refused")]
    NotRefused {
        /// The listener's address.
        address: SocketAddr,
    },
}
