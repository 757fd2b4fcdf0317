//! Every odd pod is admitted, and gets what `lameduck inject` gives it in the same mode, or nothing where that refuses.
use super::cluster::Namespace;
use super::pods::{But, Odd, all};
use super::release::IMAGE;
use super::support::{finish, lameduck};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const INJECTED: &str = "lameduck.dev/injected";
const LEFT_ALONE: &str = "inject.lameduck.dev/left-alone";

/// What becomes of all pods in a namespace, as the API server has them.
pub fn admitted(namespace: &Namespace) -> BTreeMap<&'static str, Value> {
    let pods = all();
    let made = namespace.would_make(pods.iter().map(|odd| &odd.pod));
    pods.iter().map(|odd| odd.name).zip(made).collect()
}

/// The pods of a namespace in this mode, held against those that `inject` has been at, in one without a mode.
pub fn assert_alike(mode: &str, mount: &str, admitted: &BTreeMap<&'static str, Value>, plain: &Namespace) {
    let pods = all();
    let untouched = plain.would_make(pods.iter().map(|odd| &odd.pod));
    let injected: Vec<Option<Value>> = pods.iter().map(|odd| injected(mode, mount, odd)).collect();
    let mut made = plain.would_make(injected.iter().flatten()).into_iter();
    let mut counts = [0; 2];
    for ((odd, before), by_inject) in pods.iter().zip(&untouched).zip(&injected) {
        let pod = &admitted[odd.name];
        let what = format!("{} in mode {mode}", odd.name);
        let expected = by_inject.as_ref().map(|_| made.next().expect("as many as were asked for"));
        let annotation = |name: &str| pod["metadata"]["annotations"][name].as_str();
        let has_it = annotation(INJECTED).is_some_and(|text| text == format!("admission: {mode}"));
        if odd.but == But::PassedOver {
            assert_eq!(essence(pod), essence(before), "{what}");
            continue;
        }
        if !has_it {
            let reason =
                annotation(LEFT_ALONE).unwrap_or_else(|| panic!("{what}: neither injected nor left alone"));
            assert_eq!(pod["spec"], before["spec"], "{what}: left alone");
            if let But::LeftAlone(why) = odd.but {
                assert!(reason.contains(why), "{what}: {reason}");
            } else {
                assert!(expected.is_none(), "{what}: left alone, and inject would not: {reason}");
            }
            counts[0] += 1;
            continue;
        }
        assert!(!matches!(odd.but, But::LeftAlone(_)), "{what}: {pod}");
        assert_eq!(annotation(LEFT_ALONE), None, "{what}");
        counts[1] += 1;
        if odd.but == But::NoInject {
            continue;
        }
        let expected = expected.unwrap_or_else(|| panic!("{what}: injected, and inject refuses"));
        let mut expected = essence(&expected);
        if odd.but == But::Resources {
            put_resources(&mut expected, mode);
        }
        assert_eq!(essence(pod), expected, "{what}");
    }
    println!("mode {mode}: {} pods got lameduck, {} were left alone", counts[1], counts[0]);
    assert!(counts.iter().all(|count| *count > 10), "{counts:?}: the pods are no longer of every kind");
}

/// `lameduck inject` with the options that the pod's annotations are; `None`: it refuses, or is not asked.
fn injected(mode: &str, mount: &str, odd: &Odd) -> Option<Value> {
    if !matches!(odd.but, But::Alike | But::Resources) {
        return None;
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), odd.pod.to_string()).expect("the same");
    let mut command = lameduck();
    command.args(["inject", "--image", IMAGE, "--mode", mode, "--filename"]).arg(file.path());
    if mode != "sidecar" {
        command.args(["--mount", mount]);
    }
    for (key, value) in odd.pod["metadata"]["annotations"].as_object().into_iter().flatten() {
        let value = value.as_str().expect("a string");
        let option = match (key.as_str(), mode) {
            ("inject.lameduck.dev/container", _) => format!("--container={value}"),
            ("inject.lameduck.dev/chain", _) => "--chain".into(),
            ("inject.lameduck.dev/command", "entrypoint") => format!("--command={value}"),
            ("inject.lameduck.dev/mesh", "sidecar") => format!("--mesh={value}"),
            ("lameduck.dev/inject" | "lameduck.dev/injected", _) => continue,
            ("lameduck.dev/port", _) => format!("--port={value}"),
            (key, _) => match key.strip_prefix("lameduck.dev/") {
                Some(option) => format!("--env=LAMEDUCK_{}={value}", option.replace('-', "_").to_uppercase()),
                None => continue,
            },
        };
        command.arg(option);
    }
    let output = finish(&mut command);
    match output.status.code() {
        Some(0) => Some(serde_json::from_slice(&output.stdout).expect("JSON")),
        Some(1) => None,
        _ => panic!("{}: {}", odd.name, String::from_utf8_lossy(&output.stderr)),
    }
}

/// What is compared: the spec, labels and annotations, without the order of variables and the note of who injected.
fn essence(pod: &Value) -> Value {
    let mut spec = pod["spec"].clone();
    for list in ["containers", "initContainers"] {
        for container in spec[list].as_array_mut().into_iter().flatten() {
            if let Some(variables) = container["env"].as_array_mut() {
                variables.sort_by_key(|variable| variable["name"].to_string());
            }
        }
    }
    let mut annotations = pod["metadata"]["annotations"].clone();
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.remove(INJECTED);
    }
    let annotations = if annotations.as_object().is_some_and(serde_json::Map::is_empty) {
        Value::Null
    } else {
        annotations
    };
    json!({"spec": spec, "labels": pod["metadata"]["labels"], "annotations": annotations})
}

/// Gives lameduck's own containers the resources that the policy gives them.
fn put_resources(essence: &mut Value, mode: &str) {
    let of_pod = !essence["spec"]["resources"].is_null();
    let servers = essence["spec"]["containers"][0]["resources"].clone();
    for container in essence["spec"]["initContainers"].as_array_mut().into_iter().flatten() {
        if container["image"] == IMAGE && (of_pod || mode != "sidecar") {
            container["resources"] = if of_pod { json!({}) } else { servers.clone() };
        }
    }
}

/// What of all pods can be compared with another time.
pub fn essences(pods: &BTreeMap<&'static str, Value>) -> BTreeMap<&'static str, Value> {
    pods.iter().map(|(name, pod)| (*name, essence(pod))).collect()
}
