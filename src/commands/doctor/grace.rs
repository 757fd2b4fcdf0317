//! Whether a drain fits into the time that there is: grace period, propagation and timeouts. Pure.
use super::finding::Finding;
use crate::drain::Policy;
use std::time::Duration;

const SUBJECT: &str = "grace period";

/// What is known of the time.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// What the options say; its deadline is what lameduck was told.
    pub policy: &'a Policy,
    /// The pod's own grace period, where it may be read.
    pub pod: Option<Duration>,
    /// lameduck reads it itself at the stop.
    pub reads_pod: bool,
    /// It is seen at the stop when this pod is withdrawn.
    pub sees_withdrawal: bool,
    /// Whether this is a pod.
    pub in_kubernetes: bool,
}

impl Known<'_> {
    /// What follows.
    pub fn finding(self) -> Finding {
        let Self { policy, pod, reads_pod, in_kubernetes, .. } = self;
        let told = policy.deadline;
        // What lameduck goes by.
        let deadline = if reads_pod { pod.or(told) } else { told };
        let limit = Policy { deadline, ..policy.clone() }.limit();
        if let Some(finding) = self.mistold(deadline) {
            return finding;
        }
        let traffic = self.traffic();
        if traffic >= limit {
            return self.too_short(traffic, limit);
        }
        let Some(grace) = pod.or(told) else { return self.untold(in_kubernetes) };
        let seen = format!(
            "{}: {} for the drain, of which {} until traffic has gone elsewhere, and {} for the server's own stop",
            text(grace),
            text(limit),
            text(traffic),
            text(policy.reserve)
        );
        if limit < policy.timeout {
            let needed = policy.timeout + policy.reserve;
            return Finding::weaker(
                SUBJECT,
                format!("{seen}; --timeout is {}", text(policy.timeout)),
                format!("set {}, or LAMEDUCK_TIMEOUT={}s", both(needed), limit.as_secs()),
            );
        }
        Finding::ok(SUBJECT, seen)
    }

    /// How long the gate stays open at least: until traffic has gone elsewhere, and nobody has come for a settle.
    fn traffic(&self) -> Duration {
        let policy = self.policy;
        let least = if self.sees_withdrawal {
            policy.lame_duck.max(policy.propagation)
        } else {
            policy.unseen_lame_duck
        };
        least + policy.settle
    }

    /// What lameduck goes by is not what the pod has.
    fn mistold(&self, deadline: Option<Duration>) -> Option<Finding> {
        let (policy, pod) = (self.policy, self.pod?);
        let needs = policy.timeout + policy.reserve;
        match deadline {
            None if needs > pod => Some(Finding::missing(
                SUBJECT,
                format!(
                    "the pod has {}, which lameduck is not told: it may go on for {}, and is killed before that",
                    text(pod),
                    text(needs)
                ),
                format!("set LAMEDUCK_DEADLINE={}s, or {}", pod.as_secs(), both(needs)),
            )),
            Some(told) if told > pod => Some(Finding::missing(
                SUBJECT,
                format!(
                    "the pod has {}, and LAMEDUCK_DEADLINE says {}: it is killed before that",
                    text(pod),
                    text(told)
                ),
                format!("set LAMEDUCK_DEADLINE={}s, or {}", pod.as_secs(), both(told)),
            )),
            Some(told) if told < pod => Some(Finding::weaker(
                SUBJECT,
                format!(
                    "the pod has {}, and LAMEDUCK_DEADLINE says {}: the rest is not used",
                    text(pod),
                    text(told)
                ),
                format!("set LAMEDUCK_DEADLINE={}s", pod.as_secs()),
            )),
            _ => None,
        }
    }

    fn too_short(&self, traffic: Duration, limit: Duration) -> Finding {
        let Policy { timeout, reserve, .. } = self.policy;
        // As much for the drain itself as was meant for all of it.
        let timeout = whole_seconds(traffic + *timeout);
        Finding::missing(
            SUBJECT,
            format!(
                "traffic goes elsewhere within {}, and the signal is forwarded after {}: connections that come in between are \
                 told 503, refused or lost",
                text(traffic),
                text(limit)
            ),
            format!("set {} and LAMEDUCK_TIMEOUT={}s", both(timeout + *reserve), timeout.as_secs()),
        )
    }

    fn untold(&self, in_kubernetes: bool) -> Finding {
        let needs = text(self.policy.timeout + self.policy.reserve);
        if in_kubernetes {
            return Finding::weaker(
                SUBJECT,
                format!(
                    "not told, and this pod may not be read: a drain and the server's own stop take {needs} at most"
                ),
                "set LAMEDUCK_DEADLINE to the pod's terminationGracePeriodSeconds, or grant `get pods` and set --own-pod read",
            );
        }
        Finding::ok(
            SUBJECT,
            format!(
                "not told (--deadline): whoever stops lameduck has to wait for {needs} (docker stop --time; systemd: \
                 TimeoutStopSec)"
            ),
        )
    }
}

/// What the pod is given, and lameduck told.
pub fn both(duration: Duration) -> String {
    let seconds = whole_seconds(duration).as_secs();
    format!("terminationGracePeriodSeconds: {seconds}, LAMEDUCK_DEADLINE={seconds}s")
}

fn whole_seconds(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs() + u64::from(duration.subsec_nanos() > 0))
}

fn text(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

#[cfg(test)]
mod tests;
