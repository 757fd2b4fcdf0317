//! When the lame duck ends.
//!
//! | endpoints | the gate closes |
//! |---|---|
//! | unknown | when it has settled, not before `unseen_lame_duck`; `settle_timeout` later at the latest |
//! | not selected | when it has settled; `settle` after the least time at the latest: nobody sends traffic elsewhere |
//! | offered | as late as if they were unknown and traffic never ceased, unless they change before |
//! | alone | when the time is over that leaves the drain its share, unless they change before |
//! | withdrawn | when it has settled, not before `propagation` has passed; `settle_timeout` later at the latest |
//!
//! Never after the limit, and not before `lame_duck`. Where the endpoints, or the deadline, are known, the drain is left its
//! share of the time, whatever else: `reserve`, or half of it where there is less than two reserves. An unannounced stop ends the lame
//! duck at once.
use super::{Endpoints, Policy};
use std::time::Duration;

/// What is known of the traffic that is sent here, and of the time that is left.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known {
    /// Whether traffic is sent here, and since when that is known.
    endpoints: (Endpoints, Duration),
    /// The deadline was told by the one who keeps it.
    pub deadline: bool,
    /// Nobody has asked for this stop in a way that others could see.
    pub unannounced: bool,
}

/// How long no connection has arrived.
#[derive(Debug, Clone, Copy)]
pub struct Quiet {
    /// How many had arrived before.
    pub arrivals: u64,
    /// When that was seen first.
    pub since: Duration,
}

impl Known {
    /// Takes what the endpoints are now.
    pub fn learn_endpoints(&mut self, now: Duration, endpoints: Endpoints) {
        if self.endpoints.0 != endpoints {
            self.endpoints = (endpoints, now);
        }
    }

    /// When a lame duck ends that began at `since` and must not last longer than to `limit`.
    pub fn lame_duck_ends(
        &self,
        policy: &Policy,
        since: Duration,
        limit: Duration,
        quiet: Option<Quiet>,
    ) -> Duration {
        if self.unannounced {
            return since;
        }
        let (endpoints, known_since) = self.endpoints;
        let after = Duration::saturating_add;
        let share_from = limit.saturating_sub(policy.reserve.min(limit.saturating_sub(since) / 2));
        let least = after(since, policy.lame_duck);
        let unseen = least.max(after(since, policy.unseen_lame_duck));
        let (from, latest) = match endpoints {
            Endpoints::Unknown => (unseen, after(unseen, policy.settle_timeout)),
            Endpoints::NotSelected => (least, after(least, policy.settle.min(policy.settle_timeout))),
            Endpoints::Offered => {
                let latest = after(unseen, policy.settle_timeout);
                (latest, latest)
            }
            Endpoints::Alone => (share_from, share_from),
            Endpoints::Withdrawn => {
                let from = least.max(after(known_since, policy.propagation));
                (from, after(from, policy.settle_timeout))
            }
        };
        let settled = match quiet {
            // Nobody asks for quiet, so nobody has to tell.
            _ if policy.settle.is_zero() => from,
            Some(quiet) => after(quiet.since, policy.settle).clamp(from, latest),
            None => latest,
        };
        if self.deadline || endpoints != Endpoints::Unknown { settled.min(share_from) } else { settled }
    }
}
