//! Containers that are restarted in place: the kubelet stops one whose liveness probe fails, and a server dies by itself. Nobody has
//! deleted the pod then, and its Service goes on sending clients to it.
use super::clients::{Clients, Tallies};
use super::cluster::{Namespace, wait_for};
use super::pods::Pods;
use super::support::trial::trial;
use super::watch::Watch;
use super::withdrawal::granted_namespace;
use super::workload::{SLICES, Workload};
use libtest_mimic::Trial;
use serde_json::{Value, json};

/// The scenes.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let test = |name: &str, test: fn()| trial(name, needs, test);
    vec![
        test("given_a_failed_liveness_probe_under_lameduck_then_none_is_lost", run),
        test("given_a_failed_liveness_probe_and_the_own_pod_then_the_gate_closes_at_once", own_pod),
        test(
            "given_a_failed_liveness_probe_beside_a_sidecar_then_the_pod_is_withdrawn_and_comes_back",
            sidecar,
        ),
        test("given_a_server_that_dies_under_lameduck_then_it_is_restarted_in_place_and_none_is_lost", crash),
    ]
}

/// What the liveness probe looks for, in the container's own file system, which does not outlive it.
const FAILS: &str = "/tmp/fails";

/// With a liveness probe that can be made to fail.
fn with_probe(pods: Pods) -> Pods {
    let alive = format!("import os, sys; sys.exit(os.path.exists('{FAILS}'))");
    pods.with(|pods| {
        let container = pods.container();
        container["livenessProbe"] = json!({
            "exec": {"command": ["python3", "-SEc", alive]},
            "periodSeconds": 2, "failureThreshold": 1, "timeoutSeconds": 20,
        });
        container["securityContext"]["readOnlyRootFilesystem"] = false.into();
    })
}

/// What makes it fail.
fn fail() -> String {
    format!("open('{FAILS}', 'w')")
}

/// Has the first of these pods do something, waits until its container runs again and is ready, and gives how the clients fared
/// and what the container's end has left.
fn stop_in_place(namespace: &Namespace, workload: &Workload, python: &str) -> (Tallies, Value) {
    let clients = Clients::start(namespace, &workload.address());
    let pod = workload.pods().remove(0);
    namespace.kubectl(&["exec", &pod, "--container=web", "--", "python3", "-c", python]);
    let ended = wait_for("the container to run again", || {
        let status = namespace.get(&[&pod])["status"]["containerStatuses"][0].take();
        let again = status["restartCount"] == 1 && status["ready"] == true;
        again.then(|| status["lastState"]["terminated"].clone())
    });
    namespace.wait_for("condition=Ready", &[&pod]);
    (clients.finish(), ended)
}

/// The report in a termination message.
fn report(ended: &Value) -> Value {
    let message = ended["message"].as_str().unwrap_or_else(|| panic!("no message: {ended}"));
    serde_json::from_str(message.split_once('\n').unwrap().1).unwrap()
}

fn run() {
    let namespace = Namespace::new();
    let workload = with_probe(Pods::under_lameduck("sync")).start(&namespace);
    let (tallies, ended) = stop_in_place(&namespace, &workload, &fail());
    tallies.assert_none_lost("liveness kill under lameduck");
    let report = report(&ended);
    assert_eq!([&report["outcome"], &report["gate"]], ["drained", "divert"], "{report}");
    assert_eq!(ended["exitCode"], 0, "{ended}");
}

fn own_pod() {
    let namespace = granted_namespace();
    let pods = Pods::under_lameduck("sync").granted().environment("LAMEDUCK_OWN_POD", "read");
    let workload = with_probe(pods).start(&namespace);
    let (tallies, ended) = stop_in_place(&namespace, &workload, &fail());
    tallies.assert_none_lost("liveness kill under lameduck that reads its pod");
    let report = report(&ended);
    assert_eq!([&report["outcome"], &report["gate"]], ["drained", "divert"], "{report}");
    // Less than is waited for where nobody tells: it was told.
    assert!(report["lame_duck_ms"].as_u64() < Some(5_000), "{report}");
}

fn sidecar() {
    let namespace = Namespace::new();
    let workload = with_probe(Pods::with_sidecar("sync")).start(&namespace);
    let name = workload.pods().remove(0).replace("pod/", "");
    let watch = Watch::start(&namespace, &["endpointslices", SLICES]);
    let (tallies, ended) = stop_in_place(&namespace, &workload, &fail());
    tallies.assert_none_lost_or_refused("liveness kill beside a sidecar");
    assert_eq!(ended["exitCode"], 0, "{ended}");
    // Then: its endpoint was not ready meanwhile, of a pod that nobody has deleted, and is again.
    let states = watch.wait_for("the endpoint to be ready again", |seen| {
        let states: Vec<_> = seen.iter().filter_map(|seen| conditions(&seen.object, &name)).collect();
        let is_ready = states.last().is_some_and(|last| last["ready"] == true);
        (states.len() > 1 && is_ready).then_some(states)
    });
    assert!(states.iter().any(|is| is["ready"] == false && is["terminating"] == false), "{states:?}");
}

/// What a slice says of a pod.
fn conditions(slice: &Value, pod: &str) -> Option<Value> {
    let endpoint = slice["endpoints"].as_array()?.iter().find(|one| one["targetRef"]["name"] == *pod)?;
    Some(endpoint["conditions"].clone())
}

/// gunicorn's master is lameduck's only child.
const KILL: &str = "\
import os, signal
[master] = open('/proc/1/task/1/children').read().split()
os.kill(int(master), signal.SIGKILL)";

fn crash() {
    let namespace = Namespace::new();
    let workload = Pods::under_lameduck("sync").start(&namespace);
    let (tallies, ended) = stop_in_place(&namespace, &workload, KILL);
    tallies.assert_none_lost("a gunicorn that is killed under lameduck");
    assert_eq!(ended["exitCode"], 128 + 9, "{ended}");
}
