//! The drain's limits, parsed once.
use clap::ValueEnum;
use std::time::Duration;

/// What a drain may wait for to be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Condition {
    /// Connections in the accept queues
    Queue,
    /// Handshakes that began before the gate closed
    HalfOpen,
    /// Connections with bytes that the server has not read
    Unread,
    /// Connections with a request unanswered, or an answer not yet acknowledged
    InFlight,
    /// Young connections that have not spoken
    Silent,
}

impl Condition {
    /// All of them, in the order in which a connection passes through them.
    pub const ALL: [Self; 5] = [Self::Queue, Self::HalfOpen, Self::Unread, Self::InFlight, Self::Silent];
}

/// The limits of a drain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The longest that the signal is held back, from the stop signal on.
    pub timeout: Duration,
    /// When the server will be killed from outside, from the stop signal on; `None`: not known.
    pub deadline: Option<Duration>,
    /// What is kept of the deadline for the server's own stop.
    pub reserve: Duration,
    /// The least time for which the server goes on accepting.
    pub lame_duck: Duration,
    /// The same where nobody tells whether traffic is still sent here.
    pub unseen_lame_duck: Duration,
    /// How long a change of endpoints takes to reach those who send traffic here.
    pub propagation: Duration,
    /// How long no connection may have arrived before the gate closes; zero: arrivals do not matter.
    pub settle: Duration,
    /// How long is waited for that, after the least time.
    pub settle_timeout: Duration,
    /// What must be zero before the signal is forwarded.
    pub wait_for: Vec<Condition>,
    /// How long requests in flight are waited for, once the gate is closed; `None`: up to the limit.
    pub in_flight_timeout: Option<Duration>,
    /// How long handshakes from before the gate are waited for: a server with `TCP_DEFER_ACCEPT` leaves a client that
    /// does not speak half open for ever.
    pub silent_grace: Duration,
    /// How long after the signal the server is killed.
    pub kill_after: Duration,
}

impl Policy {
    /// When the signal is forwarded at the latest, from the stop signal on.
    #[must_use]
    pub fn limit(&self) -> Duration {
        let before_deadline = self.deadline.map(|deadline| deadline.saturating_sub(self.reserve));
        before_deadline.map_or(self.timeout, |before| before.min(self.timeout))
    }
}
