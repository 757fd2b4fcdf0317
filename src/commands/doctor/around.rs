//! What is around the server: who sends it traffic, how much time it has, who is told of its end.
use super::finding::Finding;
use super::{grace, message};
use crate::cli::DoctorArgs;
use crate::commands::run::choosing;
use std::time::Duration;

/// What the API server answered, where there is one.
#[derive(Debug, Default)]
pub struct Cluster {
    /// A line each.
    pub findings: Vec<Finding>,
    /// The pod's own grace period, where it may be read.
    pub grace_period: Option<Duration>,
    /// lameduck reads it at the stop.
    pub reads_pod: bool,
    /// It is seen at the stop when this pod is withdrawn.
    pub sees_withdrawal: bool,
}

/// A line each.
pub fn findings(args: &DoctorArgs) -> Vec<Finding> {
    let options = &args.hook;
    let in_kubernetes = choosing::in_kubernetes();
    #[cfg(feature = "kubernetes")]
    let cluster = Cluster::asked(options, in_kubernetes);
    // Nobody is asked, and nothing is said of it.
    #[cfg(not(feature = "kubernetes"))]
    let cluster = Cluster::default();
    let Cluster { mut findings, grace_period, reads_pod, sees_withdrawal } = cluster;
    let policy = options.drain.policy(in_kubernetes, None);
    let known =
        grace::Known { policy: &policy, pod: grace_period, reads_pod, sees_withdrawal, in_kubernetes };
    findings.push(known.finding());
    let told = &options.telemetry;
    findings.extend(message::termination_log(told.termination_log.as_deref(), in_kubernetes));
    findings.extend(message::report(told.report.as_deref()));
    findings
}
