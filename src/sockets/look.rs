//! What one look showed.
use super::connections::Standing;
use std::time::Duration;

/// What one look showed. `None`: nothing here can tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// Connections in the accept queues.
    pub queue: Option<u32>,
    /// Handshakes in progress; once the gate is closed, only those that had begun before.
    pub half_open: Option<u32>,
    /// Connections with bytes that the server has not read.
    pub unread: Option<u32>,
    /// Connections whose client spoke last, or whose answer is not fully acknowledged.
    pub in_flight: Option<u32>,
    /// Young connections without a byte in either direction.
    pub silent: Option<u32>,
    /// Connections at rest.
    pub idle: Option<u32>,
    /// Connections that are in flight or at rest, and nothing here tells which: on unix sockets.
    pub unknown: Option<u32>,
}

impl Look {
    /// A look that has seen nobody yet.
    #[must_use]
    pub fn at_nobody() -> Self {
        let zero = Some(0);
        Self {
            queue: zero,
            half_open: zero,
            unread: zero,
            in_flight: zero,
            silent: zero,
            idle: zero,
            unknown: zero,
        }
    }

    /// Counts a connection; one that is unclear is in flight; one that never spoke is silent while younger than `silent_grace`, and idle then. What is
    /// not known of one is not known of all.
    pub fn count(&mut self, standing: Option<Standing>, silent_grace: Duration) {
        let counter = match standing {
            Some(Standing::HalfOpen) => &mut self.half_open,
            Some(Standing::Queued) => &mut self.queue,
            Some(Standing::Unread) => &mut self.unread,
            Some(Standing::InFlight | Standing::Unclear) => &mut self.in_flight,
            Some(Standing::Silent(age)) if age < silent_grace => &mut self.silent,
            Some(Standing::Silent(_) | Standing::Idle) => &mut self.idle,
            Some(Standing::Over) => return,
            None => return self.connections_are_unknown(),
        };
        *counter = counter.map(|count| count.saturating_add(1));
    }

    /// What only TCP_INFO tells is not known.
    pub fn connections_are_unknown(&mut self) {
        (self.in_flight, self.silent, self.idle) = (None, None, None);
    }
}
