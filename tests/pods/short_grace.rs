//! A grace period that is shorter than the backlog: whoever cannot be answered in time is told so.
use super::clients::{Clients, Tallies};
use super::cluster::{Namespace, wait_for};
use super::pods::Pods;
use super::support::runner::repeated;
use super::support::trial::trial;
use libtest_mimic::Trial;

/// How long a request takes, and how many are waiting when the pod has to stop: for ten seconds.
const WORK_MS: &str = "250";
const BACKLOG: u32 = 40;

/// Reads the accept queue's length from process 1's network, as `ss -ltn` shows it: rx_queue of state 0A
/// (Documentation/networking/proc_net_tcp.rst).
const QUEUE: &str =
    "print(sum(int(l.split()[4].split(':')[1], 16) for l in open('/proc/net/tcp') if l.split()[3] == '0A'))";

/// The scene.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    vec![trial(
        "given_a_backlog_longer_than_the_grace_period_then_the_rest_is_told_503",
        needs,
        repeated(|| {
            let plain = backlog(&Pods::plain("sync"));
            plain.show("5 s for a backlog of 10 s, plain gunicorn");
            assert!(plain.count("lost") > 0, "there was no backlog: what follows proves nothing");
            let tallies = backlog(&Pods::under_lameduck("sync"));
            tallies.assert_none_lost_at_a_pod("5 s for a backlog of 10 s");
            assert!(tallies.count("answered_late") > 0, "{tallies}");
        }),
    )]
}

fn backlog(pods: &Pods) -> Tallies {
    let namespace = Namespace::new();
    let pods = pods.clone().replicas(1).grace_period(5).environment("WORK_MS", WORK_MS).with(|pods| {
        let container = pods.container();
        container["args"].as_array_mut().unwrap().push("--workers=1".into());
        // A probe would wait in the same queue.
        container["readinessProbe"] = serde_json::Value::Null;
    });
    let deployment = pods.start(&namespace);
    let clients =
        Clients::in_a_pod(&namespace, &[&deployment.address(), "--rate=20", "--kept-alive=0"]).begun();
    let pod = deployment.pods().remove(0);
    wait_for("the backlog", || (queue(&namespace, &pod) >= BACKLOG).then_some(()));
    // No other takes its place, which would have a backlog of its own.
    deployment.scale(0);
    clients.finish()
}

fn queue(namespace: &Namespace, pod: &str) -> u32 {
    namespace.kubectl(&["exec", pod, "--", "python3", "-c", QUEUE]).trim().parse().unwrap_or(0)
}
