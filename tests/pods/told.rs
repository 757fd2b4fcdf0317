//! The termination message: what the pod's status shows of the drain. Only a watch sees it, for the pod goes with it.
use super::cluster::Namespace;
use super::pods::Pods;
use super::support::trial::trial;
use libtest_mimic::Trial;
use serde_json::{Deserializer, Value};
use std::process::Stdio;

/// The scene.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    vec![trial("given_a_deleted_pod_then_a_watch_shows_how_its_drain_went", needs, message)]
}

fn message() {
    let namespace = Namespace::new();
    let deployment = Pods::under_lameduck("sync").start(&namespace);
    let pod = deployment.pods().remove(0);
    let name = pod.trim_start_matches("pod/");
    let select = format!("--field-selector=metadata.name={name}");
    // Ends by itself, so that a message which never comes is an end of the stream.
    let words = ["get", "pods", &select, "--watch", "--output", "json", "--request-timeout=180s"];
    let mut watch = namespace.command(&words).stdout(Stdio::piped()).spawn().unwrap();
    let seen = Deserializer::from_reader(watch.stdout.take().unwrap()).into_iter::<Value>();
    let mut deleted = false;
    let message = seen.map_while(Result::ok).find_map(|pod| {
        // The first that is seen shows that the watch has begun.
        if !std::mem::replace(&mut deleted, true) {
            namespace.kubectl(&["delete", "pod", name, "--wait=false"]);
        }
        let ended = &pod["status"]["containerStatuses"][0]["state"]["terminated"];
        ended["message"].as_str().map(str::to_owned)
    });
    watch.kill().unwrap();
    watch.wait().unwrap();
    let message = message.unwrap_or_else(|| panic!("{pod} went without a termination message"));
    println!("{message}");
    let (line, report) = message.split_once('\n').unwrap();
    assert!(line.contains("(drained, "), "{line}");
    let report: Value = serde_json::from_str(report).unwrap();
    let facts = ["outcome", "capture", "gate", "signal_in", "signal_out"].map(|name| &report[name]);
    assert_eq!(facts, ["drained", "bind", "divert", "TERM", "TERM"], "{report}");
    deployment.wait_until_available();
}
