//! Evictions: by the API, which asks a PodDisruptionBudget and deletes; and by the kubelet, which tells nobody, sets no
//! deletionTimestamp, and kills two seconds after TERM whatever the grace period.
use super::clients::{Clients, Tallies};
use super::cluster::{Namespace, wait_for};
use super::pods::Pods;
use super::support::runner::repeated;
use super::support::trial::trial;
use super::withdrawal::granted_namespace;
use super::workload::NAME;
use libtest_mimic::Trial;
use serde_json::json;
use std::io::Write;
use std::process::Stdio;

/// The scenes.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let by_api = trial(
        "given_evictions_that_a_budget_delays_then_nobody_is_lost",
        needs,
        repeated(|| {
            by_api(&Pods::plain("sync")).show("both pods evicted, plain gunicorn");
            by_api(&Pods::under_lameduck("sync")).assert_none_lost("both pods evicted");
        }),
    );
    let by_kubelet = trial(
        "given_an_eviction_by_the_kubelet_then_a_drain_of_less_than_two_seconds_loses_nobody",
        needs,
        repeated(|| {
            by_kubelet(&Pods::plain("sync")).0.show("evicted by the kubelet, plain gunicorn");
            let pods = Pods::under_lameduck("sync");
            // Nobody tells it that this is no ordinary stop.
            by_kubelet(&pods).0.show("evicted by the kubelet, --own-pod leave");
            let (tallies, log) = by_kubelet(&pods.environment("LAMEDUCK_OWN_POD", "read"));
            tallies.show("evicted by the kubelet, --own-pod read");
            println!("{log}");
            let [stopped, noticed, closed] =
                ["stop signal: draining", "nobody has deleted this pod", "gate closed"]
                    .map(|line| log.find(line));
            assert!(stopped.is_some() && stopped < noticed && noticed < closed, "{log}");
            // Of a machine that is busy, two seconds may be less than the server's own end takes.
            if log.contains("outcome=drained") {
                assert_eq!(tallies.count("lost"), 0, "{tallies}");
            } else {
                println!("the kubelet was quicker than the drain");
            }
        }),
    );
    vec![by_api, by_kubelet]
}

/// Both of two pods are evicted as soon as the budget, which wants one, permits it.
fn by_api(pods: &Pods) -> Tallies {
    let namespace = Namespace::new();
    namespace.apply(&json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": NAME},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": NAME}}},
    }));
    let deployment = pods.start(&namespace);
    let clients = Clients::start(&namespace, &deployment.address());
    let old = deployment.unique_ids();
    let mut refused = 0;
    for pod in deployment.pods() {
        wait_for("an eviction that the budget permits", || {
            let evicted = evict(&namespace, pod.trim_start_matches("pod/"));
            refused += u32::from(!evicted);
            evicted.then_some(())
        });
    }
    deployment.wait_until_gone(&old);
    deployment.wait_until_available();
    println!("evictions that the budget refused (429): {refused}");
    clients.finish()
}

/// Asks for an eviction (policy/v1, the pods' subresource); whether it was granted.
fn evict(namespace: &Namespace, pod: &str) -> bool {
    let path = format!("/api/v1/namespaces/{}/pods/{pod}/eviction", namespace.name());
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}});
    let mut kubectl = namespace
        .command(&["create", "--raw", &path, "--filename", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    kubectl.stdin.take().unwrap().write_all(eviction.to_string().as_bytes()).unwrap();
    let output = kubectl.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() || said.contains("disruption budget"), "{said}");
    output.status.success()
}

/// One of two pods writes more than its emptyDir may hold: how the clients fare, and the pod's log. The kubelet looks every ten
/// seconds (pkg/kubelet/kubelet.go, evictionMonitoringPeriod), at sizes that are up to a minute old (volumeStatsAggPeriod).
fn by_kubelet(pods: &Pods) -> (Tallies, String) {
    let namespace = granted_namespace();
    let pods = pods.clone().granted().with(|pods| {
        pods.spec()["volumes"] = json!([{"name": "scratch", "emptyDir": {"sizeLimit": "1Mi"}}]);
        pods.container()["volumeMounts"] = json!([{"name": "scratch", "mountPath": "/scratch"}]);
    });
    let deployment = pods.start(&namespace);
    let clients = Clients::start(&namespace, &deployment.address());
    let pod = deployment.pods().remove(0);
    let log = namespace
        .command(&["logs", "--follow", "--timestamps", &pod])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let fill = "open('/scratch/full', 'wb').write(bytes(8 << 20))";
    namespace.kubectl(&["exec", &pod, "--", "python3", "-c", fill]);
    wait_until_evicted(&namespace, &pod);
    deployment.wait_until_available();
    (clients.finish(), String::from_utf8(log.wait_with_output().unwrap().stdout).unwrap())
}

fn wait_until_evicted(namespace: &Namespace, pod: &str) {
    let name = pod.trim_start_matches("pod/");
    let of_it = format!("--field-selector=reason=Evicted,involvedObject.name={name}");
    wait_for("the eviction", || {
        let pod = namespace.get(&[pod]);
        assert!(pod["metadata"]["deletionTimestamp"].is_null(), "an eviction by the kubelet deletes nothing");
        let has_ended = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
        let is_told = !namespace.kubectl(&["get", "events", &of_it, "--output=name"]).is_empty();
        (has_ended && is_told).then_some(())
    });
}
