//! The state machine of one connection, before a small model of everybody who has to do with it.
//!
//! | file | subject |
//! |---|---|
//! | `world` | a client, a socket whose clock ticks, and a server that reads when it is woken, or before it waits |
//! | `witness` | the driver: looks at any moment, does what is asked, and checks the laws of a park |
//! | `random` | every interleaving, at random, before the witness |
//! | `row` | how a look shows it, in two halves |
//! | `stories`, `bodies`, `ties` | what servers and clients were seen to do, step by step |
mod bodies;
mod random;
mod row;
mod stories;
mod ties;
mod witness;
mod world;

use super::*;
use std::time::Duration;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
