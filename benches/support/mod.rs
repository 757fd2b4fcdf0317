//! What the benches share. A bench prints figures, side by side with what they are compared to; it fails only when
//! what it measured was not what it meant to measure.
#![allow(dead_code, reason = "each bench uses a part of it")]

pub mod crowd;
pub mod machine;
pub mod memory;
pub mod spread;
pub mod table;
