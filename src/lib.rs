//! lameduck, a drain supervisor: it starts a server, and when it is told to stop, lets nobody who already
//! reached the server go unanswered.
//!
//! The crate is the program's library: [`commands`] holds a file a verb and may use everything below it,
//! [`cli`] the whole command line. `CONTRIBUTING.md` has the map of the rooms.
#![cfg(target_os = "linux")]

pub mod capture;
pub mod cli;
pub mod commands;
pub mod drain;
#[cfg(feature = "inject")]
pub mod inject;
#[cfg(feature = "kubernetes")]
pub mod kubernetes;
pub mod late_arrivals;
#[cfg(feature = "trial")]
pub mod load;
pub mod park;
#[cfg(any(test, fuzzing))]
pub mod readers;
pub mod sockets;
pub mod stream;
pub mod supervisor;
pub mod telemetry;
