//! The load engine against small real listeners.
#![cfg(feature = "trial")]
mod bodies;
mod bounds;
mod kept_alive;
mod open_loop;
mod pipelining;
#[path = "../support/ports.rs"]
#[expect(dead_code, reason = "the listeners here are bound at once")]
mod ports;
mod servers;
