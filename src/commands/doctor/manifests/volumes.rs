//! emptyDirs, which keep nodes from being emptied: `kubectl drain` refuses them without a flag, the cluster autoscaler without an annotation.
use super::case::Case;
use super::objects::{node, text};
use crate::commands::doctor::finding::Finding;
use crate::inject::pod::named;

const SUBJECT: &str = "emptyDir";
const SAFE: [&str; 2] = [
    "cluster-autoscaler.kubernetes.io/safe-to-evict",
    "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes",
];

/// What there is to say of the pod's, if it has any. Nobody evicts a DaemonSet's.
pub fn finding(case: &Case) -> Option<Finding> {
    if case.pod.workload.what.starts_with("daemonset/") {
        return None;
    }
    let all = named(case.pod.spec, "volumes").filter(|(volume, _)| node(volume, &["emptyDir"]).is_some());
    let all: Vec<(bool, &str)> =
        all.map(|(volume, name)| (text(volume, &["emptyDir", "medium"]) == Some("Memory"), name)).collect();
    let names = |volumes: Vec<&str>| volumes.join(", ");
    let every = names(all.iter().map(|(_, name)| *name).collect());
    let annotation =
        |key: &str| text(case.pod.workload.template, &["metadata", "annotations", key]).unwrap_or_default();
    let listed: Vec<&str> = annotation(SAFE[1]).split(',').map(str::trim).collect();
    let is_safe = annotation(SAFE[0]) == "true";
    // What is in memory only it passes over (isLocalVolume in cluster-autoscaler/utils/drain).
    let kept: Vec<&str> = all
        .iter()
        .filter(|(in_memory, name)| !in_memory && !is_safe && !listed.contains(name))
        .map(|(_, name)| *name)
        .collect();
    let drain = "`kubectl drain` wants --delete-emptydir-data";
    match (all.is_empty(), kept.is_empty()) {
        (true, _) => None,
        (false, true) => Some(Finding::ok(SUBJECT, format!("{every}: {drain}"))),
        (false, false) => Some(Finding::weaker(
            SUBJECT,
            format!("{}: the cluster autoscaler does not remove a node for it; {drain}", names(kept.clone())),
            format!("annotate the pods {}: {}", SAFE[1], merged(&listed, &kept)),
        )),
    }
}

fn merged(listed: &[&str], kept: &[&str]) -> String {
    let all: Vec<&str> = listed.iter().chain(kept).copied().filter(|name| !name.is_empty()).collect();
    all.join(",")
}
