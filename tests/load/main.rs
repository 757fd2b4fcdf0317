//! The load engine against small real listeners.
#![cfg(feature = "trial")]
mod bodies;
mod bounds;
mod kept_alive;
mod open_loop;
mod pipelining;
mod servers;
