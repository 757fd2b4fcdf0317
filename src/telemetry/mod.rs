//! What lameduck says about itself. The server's own output is never touched.
mod log;
mod stderr;

pub use log::{LogFormat, LogLevel, start};
pub use stderr::{Stderr, say};
