//! Whoever comes too late gets an answer: late arrivals, which came after the gate closed, and the rest, which was
//! still in the server's queue when the server got its signal or went.
//!
//! Way in: [`Desk::open`], then listeners to accept from, or connections. Way out: [`Desk::served`]. One thread,
//! started when it is first needed, answers thousands at once, each bounded in time and bytes. This room knows nothing
//! of gates or drains.
mod accepting;
mod answer;
mod desk;
mod taker;

pub use answer::RESPONSE;
pub use desk::{Desk, Kind, Served};
