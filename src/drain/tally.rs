//! What was seen over a drain: at the stop, at most, at the forward.
use super::Observation;
use serde::Serialize;

/// One figure over a drain; absent where nothing could tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// At the first look after the stop signal.
    pub at_stop: Option<u32>,
    /// The highest that any look showed.
    pub highest: Option<u32>,
    /// At the last look before the signal was forwarded.
    pub at_forward: Option<u32>,
}

impl Figure {
    fn observe(&mut self, seen: Option<u32>) {
        self.at_stop = self.at_stop.or(seen);
        self.highest = self.highest.max(seen);
        self.at_forward = seen;
    }
}

/// The figures of a drain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Connections in the accept queues.
    pub queue: Figure,
    /// Handshakes in progress.
    pub half_open: Figure,
    /// Connections with bytes that the server had not read.
    pub unread: Figure,
    /// Connections whose client spoke last.
    pub in_flight: Figure,
    /// Young connections that had not spoken.
    pub silent: Figure,
    /// Connections at rest.
    pub idle: Figure,
    /// Connections in flight or at rest, nobody can tell which.
    pub unknown: Figure,
}

impl Tally {
    /// Takes in one look at everything.
    pub fn observe(&mut self, seen: Observation) {
        self.queue.observe(seen.queue);
        self.half_open.observe(seen.half_open);
        self.unread.observe(seen.unread);
        self.in_flight.observe(seen.in_flight);
        self.silent.observe(seen.silent);
        self.idle.observe(seen.idle);
        self.unknown.observe(seen.unknown);
    }

    /// Takes in a look at the accept queues alone.
    pub fn observe_queue(&mut self, queue: Option<u32>) {
        self.queue.observe(queue);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_the_highest_and_the_last_are_kept_and_unknown_stays_unknown() {
        let mut tally = Tally::default();
        for queue in [Some(3), Some(9), Some(0)] {
            tally.observe(Observation { queue, ..Observation::default() });
        }
        assert_eq!(tally.queue, Figure { at_stop: Some(3), highest: Some(9), at_forward: Some(0) });
        assert_eq!(tally.in_flight, Figure::default());
    }
}
