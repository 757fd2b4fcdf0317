//! What lameduck says about itself.
mod stderr;

pub use stderr::{Stderr, say};
