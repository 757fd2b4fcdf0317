//! What the integration tests share: real processes, a Python environment with real servers, and waiting for facts.
#![allow(dead_code, reason = "each test program uses a part of it")]

#[cfg(feature = "trial")]
pub mod load;
pub mod process;
pub mod python;
pub mod server;
pub mod trial;

use std::process::Command;
use std::time::{Duration, Instant};

/// How long a fact may take before a test gives up: far longer than it takes on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `fact` is there and returns it.
///
/// # Panics
/// When it is not there within [`PATIENCE`].
pub fn wait_for<T>(what: &str, mut fact: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(fact) = fact() {
            return fact;
        }
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The program under test, with none of its settings from outside.
pub fn lameduck() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lameduck"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LAMEDUCK_")) {
        command.env_remove(name);
    }
    command
}
