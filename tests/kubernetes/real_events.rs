//! A kube-apiserver, `$KUBECONFIG`: it takes both Events, and kubectl shows them where people look: `get events`, and
//! `describe` of the pod, which asks by the unique id.
use crate::cluster::{EVENTS, Namespace, PODS, SLICES};
use crate::scene::gunicorn;
use crate::support::PATIENCE;
use crate::support::kubectl::api_server;
use crate::support::trial::trial;
use jiff::Timestamp;
use libtest_mimic::Trial;
use serde_json::{Value, json};

pub fn trials() -> Vec<Trial> {
    vec![trial("a_real_api_server_shows_the_events_of_a_drain", &api_server(), shown)]
}

/// A pod, and then the ReplicaSet that it is of: of one that is not there, or that wants no such pod, a controller-manager would
/// take it away. Where nobody runs it, it is there all the same.
fn create_pod(namespace: &Namespace) {
    let metadata = |name: &str| json!({"name": name, "labels": {"app": "web"}});
    let spec =
        json!({"serviceAccountName": "web", "containers": [{"name": "web", "image": "localhost/web:1"}]});
    namespace
        .create(&json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata("web-0"), "spec": spec}));
    namespace.create(&json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata("web-5d8f"),
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": metadata("web"), "spec": spec}}}));
    let id = namespace.kubectl(&["get", "replicaset", "web-5d8f", "--output=jsonpath={.metadata.uid}"], None);
    let owner = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d8f", "controller": true, "uid": id});
    // As the controller does it, where there is one.
    let patch = json!({"metadata": {"ownerReferences": [owner]}}).to_string();
    namespace.kubectl(&["patch", "pod", "web-0", "--patch", &patch], None);
}

/// A token that is bound to the pod, as a pod has it: nobody has to tell lameduck who it is.
fn shown() {
    let namespace = Namespace::new("events", &[SLICES, PODS, EVENTS]);
    create_pod(&namespace);
    let account = namespace.account(&["--bound-object-kind=Pod", "--bound-object-name=web-0"]);
    let files = account.files.to_str().expect("UTF-8");
    let options = ["--service-account", files, "--own-pod", "read", "--events", "on", "--log-format", "json"];
    let mut server = gunicorn()
        .under_lameduck(&options)
        .env("KUBERNETES_SERVICE_HOST", &account.host)
        .env("KUBERNETES_SERVICE_PORT", &account.port)
        .start();
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(PATIENCE * 2).code(), Some(0));
    let log = server.log();
    assert!(log.contains("Pod web-0, ReplicaSet web-5d8f"), "{log}");

    let drained = "nobody was waiting any more when the server was stopped (drained, ";
    let listed = namespace.kubectl(&["get", "events", "--no-headers"], None);
    println!("{listed}");
    for (object, message) in
        [("pod/web-0", drained), ("replicaset/web-5d8f", &format!("pod web-0: {drained}"))]
    {
        let is_it =
            |line: &&str| ["Normal", "Drained", object, message].iter().all(|part| line.contains(part));
        assert_eq!(listed.lines().filter(is_it).count(), 1, "{object}: {listed}");
        assert!(!listed.contains("<unknown>"), "without a time: {listed}");
    }
    let described = namespace.kubectl(&["describe", "pod", "web-0"], None);
    let (_, events) = described.split_once("\nEvents:").expect("Events");
    assert!(events.contains("lameduck") && events.contains(drained), "{described}");
    println!("the Events were written {} ms after the closing line", took(&log));
}

/// From the closing line, which is written before, to the line that says that it is told.
fn took(log: &str) -> i128 {
    let at = |what: &str| {
        let line = log.lines().find(|line| line.contains(what)).expect("a line");
        let line: Value = serde_json::from_str(line).expect("JSON");
        let at: Timestamp = line["timestamp"].as_str().expect("a timestamp").parse().expect("a timestamp");
        at.as_nanosecond()
    };
    (at("told in Events") - at("\"outcome\":\"drained\"")) / 1_000_000
}
