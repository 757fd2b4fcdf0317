//! Probes that the server's own workers have to answer. A probe waits in the accept queue behind everybody else: where all workers are busy for
//! longer than its timeout, it fails, although the server works. Enough failures of a readiness probe send the pod's traffic to the
//! others, which are as busy; those of a liveness probe kill the server, a stop that nobody announces. During a drain the kubelet goes on
//! with readiness probes alone: each is an arrival, and what it says no longer matters.
use super::case::Case;
use super::gunicorn::Gunicorn;
use super::objects::{items, node, text};
use crate::commands::doctor::finding::Finding;
use crate::inject::tree::Node;
use humantime::format_duration as told;
use std::time::Duration;

/// Probes, and what comes of their failures.
const PROBES: [(&str, &str, &str); 2] = [
    (
        "readinessProbe",
        "readiness probe",
        "the pod is taken out of its Services, and its load goes to the others",
    ),
    ("livenessProbe", "liveness probe", "the kubelet kills the server, which nobody is told before"),
];

/// What the API server fills in (`SetDefaults_Probe` in Kubernetes' pkg/apis/core/v1/defaults.go).
struct Probe<'a> {
    node: &'a Node,
    timeout: Duration,
    period: Duration,
    failures: u32,
}

/// A line for each probe.
pub fn findings(case: &Case) -> Vec<Finding> {
    let container = case.pod.container;
    let all = PROBES.iter().filter_map(|(key, subject, then)| {
        let probe = node(container, &[key]).map(Probe::of);
        match probe {
            Some(probe) => Some(of_probe(case, &probe, subject, then)),
            None if *key == "readinessProbe" && !case.services().is_empty() && !is_probed_beside(case) => Some(Finding::weaker(
                subject,
                "none: a new pod gets traffic before its server listens, in every rollout",
                "give it one: readinessProbe: {httpGet: {path: /healthz, port: 8000}}, with the server's own path and port",
            )),
            None => None,
        }
    });
    all.collect()
}

/// The sidecar's own probe says whether the server listens.
fn is_probed_beside(case: &Case) -> bool {
    case.presence.container().is_some_and(|beside| node(beside, &["readinessProbe"]).is_some())
}

impl<'a> Probe<'a> {
    fn of(node: &'a Node) -> Self {
        let number =
            |key: &str, default| text(node, &[key]).and_then(|text| text.parse().ok()).unwrap_or(default);
        Self {
            node,
            timeout: Duration::from_secs(number("timeoutSeconds", 1)),
            period: Duration::from_secs(number("periodSeconds", 10)),
            failures: u32::try_from(number("failureThreshold", 3)).unwrap_or(u32::MAX).max(1),
        }
    }

    /// How long no answer may come: from one probe's start to the end of the last that has to fail.
    fn patience(&self) -> Duration {
        self.period.saturating_mul(self.failures - 1).saturating_add(self.timeout)
    }

    /// Whether a worker has to answer it: tcpSocket is answered by the kernel, and exec by a program.
    fn asks_a_worker(&self, container: &Node) -> bool {
        let Some(get) = node(self.node, &["httpGet"]) else { return false };
        let Some(port) = text(get, &["port"]) else { return false };
        let ports = items(container, &["ports"]);
        let is_it =
            |known: &&Node| ["containerPort", "name"].iter().any(|key| text(known, &[key]) == Some(port));
        // The first port is the server's; another one may be an admin's.
        ports.is_empty() || ports.iter().position(|known| is_it(&known)) == Some(0)
    }
}

fn of_probe(case: &Case, probe: &Probe, subject: &'static str, then: &str) -> Finding {
    let asks_a_worker = probe.asks_a_worker(case.pod.container);
    let is_sync = Gunicorn::of(case).is_some_and(|gunicorn| gunicorn.is_sync);
    let settle = case.policy.settle;
    if asks_a_worker && is_sync && probe.timeout <= Duration::from_secs(1) {
        return Finding::weaker(
            subject,
            format!(
                "a sync worker has to answer it within {}: while all are busy it waits in the queue with everybody else, and after {} \
                 without an answer {then}",
                told(probe.timeout),
                told(probe.patience())
            ),
            "set timeoutSeconds to more than the longest wait that is none of an outage (5), or give workers threads (--threads 2), of which \
             one answers",
        );
    }
    if subject == "readiness probe" && settle >= probe.period {
        return Finding::weaker(
            subject,
            format!(
                "it comes every {}, also to a stopping pod, and each is an arrival: the quiet of LAMEDUCK_SETTLE ({}) never comes, and the \
                 gate waits for LAMEDUCK_SETTLE_TIMEOUT",
                told(probe.period),
                told(settle)
            ),
            "set LAMEDUCK_SETTLE below its periodSeconds, or a longer periodSeconds",
        );
    }
    let who = if asks_a_worker {
        "the server's workers answer it"
    } else {
        "none of the server's workers has to answer it:"
    };
    let (within, every) = (told(probe.timeout), told(probe.period));
    let patience = told(probe.patience());
    Finding::ok(
        subject,
        format!("{who} within {within}, every {every}; without an answer for {patience} it has failed"),
    )
}
