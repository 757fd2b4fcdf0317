//! The limits of the drain.
use crate::cli::values::{KUBE_PROXY, RESERVE, TIMEOUT, duration, propagation};
use crate::drain::{Condition, Policy};
use clap::Args;
use std::time::Duration;

/// The limits of the drain.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Drain")]
pub struct DrainArgs {
    /// How long the stop signal is held back at most
    #[arg(long, env = "LAMEDUCK_TIMEOUT", default_value = TIMEOUT)]
    #[arg(value_name = "DURATION", value_parser = duration, allow_hyphen_values = true)]
    pub timeout: Duration,

    /// When everything will be killed from outside, counted from the stop signal: the grace period [default: not
    /// known]
    #[arg(long, env = "LAMEDUCK_DEADLINE")]
    #[arg(value_name = "DURATION", value_parser = duration, allow_hyphen_values = true)]
    pub deadline: Option<Duration>,

    /// How much of the time before the deadline is kept for the server's own stop
    #[arg(long, env = "LAMEDUCK_RESERVE", default_value = RESERVE)]
    #[arg(value_name = "DURATION", value_parser = duration, allow_hyphen_values = true)]
    pub reserve: Duration,

    /// How long the server goes on accepting at least [default: 0s; in Kubernetes 5s, or as long as --propagation if that
    /// is more, where it cannot be seen that this pod is withdrawn from its Services' endpoints]
    #[arg(long, env = "LAMEDUCK_LAME_DUCK")]
    #[arg(value_name = "DURATION", value_parser = duration, allow_hyphen_values = true)]
    pub lame_duck: Option<Duration>,

    /// How long those who send traffic here may take to hear of a change of endpoints: a duration, or what stands in front
    /// of this pod: kube-proxy (1.5s), ingress (5s), dns (30s), cloud-lb (2m). The gate stays open for so long after this
    /// pod was withdrawn [default: by its readiness gates where --own-pod read shows them, else kube-proxy in Kubernetes]
    #[arg(long, env = "LAMEDUCK_PROPAGATION")]
    #[arg(value_name = "WHAT", value_parser = propagation, allow_hyphen_values = true)]
    pub propagation: Option<Duration>,

    /// How long no connection may have arrived before the gate closes; 0: arrivals do not matter
    #[arg(long, env = "LAMEDUCK_SETTLE", default_value = "300ms")]
    #[arg(value_name = "DURATION", value_parser = duration, allow_hyphen_values = true)]
    pub settle: Duration,

    /// How long that is waited for at most, once --lame-duck is over [default: as --settle, in Kubernetes 15s]
    #[arg(long, env = "LAMEDUCK_SETTLE_TIMEOUT")]
    #[arg(value_name = "DURATION", value_parser = duration, allow_hyphen_values = true)]
    pub settle_timeout: Option<Duration>,

    /// What must be gone before the stop signal is forwarded [default: all of them]
    #[arg(long, env = "LAMEDUCK_WAIT_FOR", value_name = "WHAT", value_delimiter = ',', value_enum)]
    pub wait_for: Vec<Condition>,

    /// How long requests in flight are waited for, once the gate is closed [default: while the signal may be held
    /// back]
    #[arg(long, env = "LAMEDUCK_IN_FLIGHT_TIMEOUT")]
    #[arg(value_name = "DURATION", value_parser = duration, allow_hyphen_values = true)]
    pub in_flight_timeout: Option<Duration>,

    /// How old a connection that never spoke may be and still be waited for; so long, too, are half-open handshakes
    /// waited for, once the gate is closed
    #[arg(long, env = "LAMEDUCK_SILENT_GRACE", default_value = "1s")]
    #[arg(value_name = "DURATION", value_parser = duration, allow_hyphen_values = true)]
    pub silent_grace: Duration,
}

impl DrainArgs {
    /// The drain's limits; `kill_after`: how long after the forward the server's time is over [default: `--reserve`]. Traffic takes seconds to go elsewhere in Kubernetes; outside of it nobody takes it away.
    #[must_use]
    pub fn policy(&self, in_kubernetes: bool, kill_after: Option<Duration>) -> Policy {
        let outside_or = |outside, inside| if in_kubernetes { Duration::from_secs(inside) } else { outside };
        let propagation = self.propagation.unwrap_or(if in_kubernetes { KUBE_PROXY } else { Duration::ZERO });
        Policy {
            timeout: self.timeout,
            deadline: self.deadline,
            reserve: self.reserve,
            lame_duck: self.lame_duck.unwrap_or_default(),
            unseen_lame_duck: self
                .lame_duck
                .unwrap_or_else(|| outside_or(Duration::ZERO, 5).max(propagation)),
            propagation,
            settle: self.settle,
            settle_timeout: self.settle_timeout.unwrap_or_else(|| outside_or(self.settle, 15)),
            wait_for: if self.wait_for.is_empty() { Condition::ALL.to_vec() } else { self.wait_for.clone() },
            in_flight_timeout: self.in_flight_timeout,
            silent_grace: self.silent_grace,
            kill_after: kill_after.unwrap_or(self.reserve),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Verb};
    use clap::Parser;

    fn policy(options: &[&str], in_kubernetes: bool) -> Policy {
        let words = ["lameduck", "run"].iter().chain(options).chain(&["server"]);
        match Cli::try_parse_from(words).unwrap().verb {
            Verb::Run(args) => args.drain.policy(in_kubernetes, args.kill_after),
            verb => panic!("{verb:?}"),
        }
    }

    #[test]
    fn given_no_options_then_a_drain_bridges_what_kubernetes_needs_to_send_traffic_elsewhere() {
        let outside = policy(&[], false);
        let traffic = |policy: &Policy| (policy.unseen_lame_duck, policy.propagation, policy.settle_timeout);
        assert_eq!(traffic(&outside), (Duration::ZERO, Duration::ZERO, Duration::from_millis(300)));
        let inside = policy(&[], true);
        let secs = Duration::from_secs;
        assert_eq!(traffic(&inside), (secs(5), Duration::from_millis(1_500), secs(15)));
        let (unseen_lame_duck, propagation, settle_timeout) = traffic(&outside);
        assert_eq!(Policy { unseen_lame_duck, propagation, settle_timeout, ..inside }, outside);
    }

    #[test]
    fn given_a_longer_propagation_then_it_is_bridged_without_a_look_at_the_endpoints_too() {
        let bridged = |options| policy(options, true).unseen_lame_duck;
        assert_eq!(bridged(&["--propagation", "cloud-lb"]), Duration::from_mins(2));
        assert_eq!(bridged(&["--propagation", "1s"]), Duration::from_secs(5));
        assert_eq!(bridged(&["--propagation", "dns", "--lame-duck", "7s"]), Duration::from_secs(7));
        assert_eq!(policy(&["--propagation", "3s"], false).unseen_lame_duck, Duration::from_secs(3));
    }

    #[test]
    fn given_options_then_kubernetes_does_not_change_them() {
        let options = ["--lame-duck", "0", "--settle", "1s", "--settle-timeout", "2s", "--reserve", "7s"];
        let options = [&options[..], &["--propagation", "2s"]].concat();
        assert_eq!(policy(&options, true), policy(&options, false));
        assert_eq!(policy(&options, true).kill_after, Duration::from_secs(7), "as --reserve");
    }

    #[test]
    fn given_conditions_in_a_list_or_one_by_one_then_those_are_waited_for() {
        let both = [Condition::Queue, Condition::InFlight];
        assert_eq!(policy(&["--wait-for", "queue,in-flight"], false).wait_for, both);
        assert_eq!(policy(&["--wait-for=queue", "--wait-for=in-flight"], false).wait_for, both);
        assert_eq!(policy(&[], false).wait_for, Condition::ALL);
    }
}
