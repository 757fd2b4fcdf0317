//! Hooks that fail, are refused or are killed: an event says so, and the pod is stopped as one without a hook.
use super::clients::Clients;
use super::cluster::{Namespace, wait_for};
use super::pods::Pods;
use super::support::trial::trial;
use super::watch::Watch;
use super::workload::{SELECTOR, Workload};
use libtest_mimic::Trial;
use serde_json::json;
use std::process::Stdio;

/// The scenes.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let test = |name: &str, test: fn()| trial(name, needs, test);
    vec![
        test("given_a_wrong_token_then_an_event_tells_of_the_refused_hook", wrong_token),
        test(
            "given_no_server_then_an_event_tells_of_the_failed_hook_and_the_log_says_why",
            hook_without_a_server,
        ),
        test("given_no_server_then_the_log_of_the_sidecar_says_so", sidecar_without_a_server),
        test(
            "given_a_sidecar_that_is_killed_during_the_hook_then_the_app_stops_as_without_one",
            killed_sidecar,
        ),
    ]
}

/// A program that is no server.
const SLEEPS: &str =
    "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\nsignal.pause()";

/// Kills the sidecar. As process 1 of its own namespace nobody inside could.
const KILLS: &str = "\
import os, signal
for pid in filter(str.isdigit, os.listdir('/proc')):
    words = open(f'/proc/{pid}/cmdline', 'rb').read().split(b'\\0')
    if words[:2] == [b'lameduck', b'sidecar']:
        os.kill(int(pid), signal.SIGKILL)";

fn wrong_token() {
    let namespace = Namespace::new();
    let pods = Pods::with_sidecar("sync").with(|pods| {
        pods.container()["lifecycle"]["preStop"]["httpGet"]["httpHeaders"][0]["value"] = "another".into();
    });
    let workload = pods.start(&namespace);
    let log = log_of_a_deleted_pod(&namespace, &workload, "lameduck");
    println!("{}", failed_hook(&namespace));
    assert!(
        log.contains("a call of /drain was refused: its X-Lameduck-Token is not that of --token"),
        "{log}"
    );
}

fn hook_without_a_server() {
    let namespace = Namespace::new();
    let workload = without_a_server(Pods::with_hook("sync")).start(&namespace);
    let log = log_of_a_deleted_pod(&namespace, &workload, "web");
    // Which has none of the hook's words.
    println!("{}", failed_hook(&namespace));
    assert!(log.contains("lameduck: no process of this container listens"), "{log}");
}

fn sidecar_without_a_server() {
    let namespace = Namespace::new();
    let pods = without_a_server(Pods::with_sidecar("sync")).with(|pods| {
        // Never ready, for there is nothing to send anybody to.
        pods.lameduck()["readinessProbe"] = json!(null);
    });
    let workload = pods.start(&namespace);
    let log = log_of_a_deleted_pod(&namespace, &workload, "lameduck");
    assert!(log.contains("cannot drain: nobody listens at the server's ports (--port)"), "{log}");
}

fn without_a_server(pods: Pods) -> Pods {
    pods.with(|pods| {
        let container = pods.container();
        container["args"] = json!(["python3", "-c", SLEEPS]);
        container["readinessProbe"] = json!(null);
    })
}

fn killed_sidecar() {
    let namespace = Namespace::new();
    let pods = Pods::with_sidecar("sync").environment("LAMEDUCK_LAME_DUCK", "20s").with(|pods| {
        pods.spec()["shareProcessNamespace"] = true.into();
    });
    let workload = pods.start(&namespace);
    let watch = Watch::start(&namespace, &["pods", SELECTOR]);
    let clients = Clients::start(&namespace, &workload.address());
    let (pod, id) = (workload.pods().remove(0), workload.unique_ids().remove(0));
    namespace.kubectl(&["delete", &pod, "--wait=false"]);
    wait_for("the drain", || {
        namespace.kubectl(&["logs", &pod, "--container=lameduck"]).contains("hook: draining").then_some(())
    });
    namespace.kubectl(&["exec", &pod, "--container=web", "--", "python3", "-c", KILLS]);
    workload.wait_until_gone(std::slice::from_ref(&id));
    workload.wait_until_available();
    println!("a sidecar that was killed during the hook: {}", clients.finish());
    println!("{}", failed_hook(&namespace));
    // Not by the kubelet's SIGKILL at the end of the grace period, but by its own stop.
    let status = watch.wait_for("the end of the app", |seen| {
        let of_the_pod = seen.iter().rev().filter(|seen| seen.object["metadata"]["uid"] == *id);
        let mut ended =
            of_the_pod.map(|seen| &seen.object["status"]["containerStatuses"][0]["state"]["terminated"]);
        ended.find_map(|ended| ended["exitCode"].as_i64())
    });
    assert_eq!(status, 0);
}

/// Deletes a pod, and follows the log of one of its containers to its end.
fn log_of_a_deleted_pod(namespace: &Namespace, workload: &Workload, container: &str) -> String {
    let (pod, container) = (workload.pods().remove(0), format!("--container={container}"));
    let old = workload.unique_ids();
    let mut log = namespace.command(&["logs", "--follow", &pod, &container]);
    let log = log.stdout(Stdio::piped()).spawn().unwrap();
    namespace.kubectl(&["delete", &pod, "--wait=false"]);
    let log = String::from_utf8(log.wait_with_output().unwrap().stdout).unwrap();
    workload.wait_until_gone(&old[..1]);
    log
}

/// What the kubelet says of a hook that has failed, once it does.
fn failed_hook(namespace: &Namespace) -> String {
    wait_for("an event FailedPreStopHook", || {
        let events = namespace.get(&["events", "--field-selector=reason=FailedPreStopHook"]);
        events["items"][0]["message"].as_str().map(str::to_owned)
    })
}
