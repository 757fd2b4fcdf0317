//! What an error of accept(2) means for whoever goes on accepting.
use rustix::io::Errno;
use std::time::Duration;

/// When nothing can be accepted for now, the next attempt is so much later.
pub const RETRY: Duration = Duration::from_millis(10);

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing was wrong with the listener: accept again at once.
    Again,
    /// After [`RETRY`]: descriptors or memory are lacking, or the network had an error that this connection
    /// inherited (accept(2)); others are still in the queue.
    Later,
    /// It does not listen any more: it has been shut down, and nothing is left in it.
    End,
}

/// Tells from accept(2)'s error.
#[must_use]
pub fn after(error: Errno) -> Next {
    match error {
        Errno::CONNABORTED | Errno::INTR => Next::Again,
        Errno::INVAL | Errno::BADF | Errno::NOTSOCK | Errno::OPNOTSUPP => Next::End,
        _ => Next::Later,
    }
}
