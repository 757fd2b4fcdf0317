//! What the kernel knows of the server's sockets, and what it can be told to do with them.
//!
//! Way in: [`discovery`] finds the server's listeners, [`Observer`] looks at them, [`gate`] keeps new
//! connections away from them. Way out: plain values ([`Look`]) with units in their names.
//! This room knows nothing of drains, phases or signals.
//!
//! | file | subject |
//! |---|---|
//! | `sys` | the few socket options that no library offers; the room's only `unsafe` |
//! | `diag`, `proc_net` | sock_diag over netlink, and its fallback `/proc/net/tcp` |
//! | `unix/` | unix stream sockets: by unix_diag, else `/proc/net/unix` |
//! | `source` | the strongest of them that works |
//! | `tcp_info`, `connections` | one connection's counters, and the words for what it is doing |
//! | `by_cookie` | what is remembered of each connection, compact |
//! | `memory` | what the counters say, from look to look: unread, in flight, silent, idle |
//! | `counters`, `own_calls` | the network namespace's arrivals and drops, and which of them are lameduck's own |
//! | `address` | where a listener is: TCP or unix |
//! | `listener`, `processes`, `whose`, `neighbours`, `discovery`, `duplicate` | listening sockets, whose they are, and how to hold one |
//! | `owners`, `mark` | whose the connections are; duplicates for an instant, and what is done with one |
//! | `caught` | calls of the server that a mark has caught, and how they are freed |
//! | `network` | whose network this is |
//! | `listen`, `free_port` | sockets that lameduck binds itself; where a server can bind one |
//! | `watched` | a listener that is looked at, and which connections are its own |
//! | `observer`, `look` | one look at everything, and what it showed |
//! | `roll` | behind a closed gate: those whom it showed, one by one |
pub mod address;
pub mod by_cookie;
pub mod caught;
pub mod connections;
pub mod counters;
pub mod diag;
pub mod discovery;
pub mod duplicate;
pub mod free_port;
pub mod gate;
pub mod listen;
pub mod listener;
pub mod look;
pub mod mark;
pub mod memory;
pub mod neighbours;
pub mod network;
pub mod observer;
pub mod own_calls;
pub mod owners;
pub mod proc_net;
pub mod processes;
#[cfg(any(test, fuzzing))]
pub(crate) mod readers;
pub mod roll;
pub mod source;
pub mod sys;
pub mod tcp_info;
pub mod unix;
pub mod watched;
pub mod whose;

pub use address::{Address, UnixName};
pub use listener::Listener;
pub use look::Look;
pub use observer::Observer;
pub use own_calls::OwnCalls;
pub use roll::Called;
pub use watched::Watched;
pub use whose::Whose;
