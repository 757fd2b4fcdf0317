//! What is left of a pod when it is gone: Events, on it and on what made it, whichever way lameduck drains it.
use super::cluster::{Namespace, PATIENCE};
use super::pods::Pods;
use super::support::trial::trial;
use super::withdrawal::granted_namespace;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::process::Stdio;

/// The scenes.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let variables =
        |pods: Pods| pods.environment("LAMEDUCK_EVENTS", "on").environment("LAMEDUCK_OWN_POD", "read");
    vec![
        trial("given_annotations_that_want_them_then_events_outlive_a_deleted_pod", needs, || {
            outlive("run, by annotations", &annotated(Pods::under_lameduck("sync")), "ReplicaSet");
        }),
        trial("given_a_hook_then_events_outlive_its_pod", needs, move || {
            outlive("hook", &variables(Pods::with_hook("sync")), "ReplicaSet");
        }),
        trial("given_a_sidecar_then_events_outlive_its_pod", needs, move || {
            outlive("sidecar", &variables(Pods::with_sidecar("sync").stateful()), "StatefulSet");
        }),
    ]
}

/// The options as annotations of the pods, which a downward API volume gives to lameduck.
fn annotated(pods: Pods) -> Pods {
    pods.with(|pods| {
        pods.metadata()["annotations"] = json!({"lameduck.dev/events": "on", "lameduck.dev/own-pod": "read"});
        let file = json!({"path": "annotations", "fieldRef": {"fieldPath": "metadata.annotations"}});
        pods.spec()["volumes"] = json!([{"name": "podinfo", "downwardAPI": {"items": [file]}}]);
        pods.lameduck()["volumeMounts"] = json!([{"name": "podinfo", "mountPath": "/etc/podinfo"}]);
    })
}

/// A pod is deleted, and both Events tell how its drain went.
fn outlive(scene: &str, pods: &Pods, owner_kind: &str) {
    let namespace = granted_namespace();
    let workload = pods.clone().granted().start(&namespace);
    let pod = workload.pods().remove(0);
    let object = namespace.get(&[&pod]);
    let [name, uid] = ["name", "uid"].map(|field| object["metadata"][field].as_str().expect("a pod"));
    let owner = object["metadata"]["ownerReferences"][0]["name"].as_str().expect("an owner");
    let words = ["logs", "--follow", "--all-containers", "--ignore-errors", &pod];
    let follower = namespace.command(&words).stdout(Stdio::piped()).spawn().expect("kubectl");
    // When: until it is gone.
    namespace.kubectl(&["delete", &pod, &format!("--timeout={}s", PATIENCE.as_secs())]);
    let log = follower.wait_with_output().expect("its log").stdout;
    let log = String::from_utf8_lossy(&log);
    println!("{scene}:\n{}", namespace.kubectl(&["get", "events", "--field-selector=reason=Drained"]));

    let drained = "was over when the server was stopped (drained, ";
    let nobody = "nobody was waiting any more when the server was stopped (drained, ";
    let of_pod = only(&namespace, "Pod", name, &log);
    let message = of_pod["message"].as_str().expect("a message");
    assert!(message.contains(drained) || message.contains(nobody), "{of_pod}");
    assert_eq!(of_pod["involvedObject"]["uid"], uid, "which nobody has told but the token: {of_pod}");
    let of_owner = only(&namespace, owner_kind, owner, &log);
    assert_eq!(of_owner["message"], format!("pod {name}: {message}"), "{log}");
    workload.wait_until_available();
}

/// The one Event about it that lameduck has written.
fn only(namespace: &Namespace, kind: &str, name: &str, log: &str) -> Value {
    let about = format!("involvedObject.kind={kind},involvedObject.name={name},reason=Drained");
    let mut found = namespace.get(&["events", &format!("--field-selector={about}")])["items"].take();
    let found = found.as_array_mut().expect("a list");
    assert_eq!(found.len(), 1, "{kind} {name}: {found:?} {log}");
    found.remove(0)
}
