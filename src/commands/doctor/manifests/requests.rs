//! Autoscalers that go by a resource: a container of the pod that requests none of it stops them, for a part of nothing cannot be told
//! (`calculatePodRequests` in Kubernetes' pkg/controller/podautoscaler/replica_calculator.go).
use super::case::Case;
use super::objects::{items, name, node, text};
use crate::commands::doctor::finding::Finding;
use crate::inject::pod::named;
use crate::inject::tree::Node;

const SUBJECT: &str = "requests";

/// A line for each autoscaler, and one for a lameduck without requests.
pub fn findings(case: &Case) -> Vec<Finding> {
    let workload = case.pod.workload;
    let scales = |autoscaler: &&Node| {
        let of = |key| text(autoscaler, &["spec", "scaleTargetRef", key]).unwrap_or_default();
        format!("{}/{}", of("kind").to_lowercase(), of("name")) == workload.what
    };
    let autoscalers = case.objects.of_kind("HorizontalPodAutoscaler", workload.namespace).filter(scales);
    let findings: Vec<Finding> = autoscalers.map(|autoscaler| of_autoscaler(case, autoscaler)).collect();
    if findings.is_empty() { of_lameduck(case).into_iter().collect() } else { findings }
}

fn of_autoscaler(case: &Case, autoscaler: &Node) -> Finding {
    let told = format!("horizontalpodautoscaler/{}", name(autoscaler));
    for (resource, only) in resources(autoscaler) {
        let mut all =
            containers(case.pod.spec).filter(|(_, name)| only.as_deref().is_none_or(|only| only == *name));
        if let Some((_, without)) = all.find(|(container, _)| !requests(container, &resource)) {
            return Finding::missing(
                SUBJECT,
                format!(
                    "{told} goes by {resource}, and container {without} requests none: it does not scale"
                ),
                format!("set resources: {{requests: {{{resource}: ...}}}} of {without}"),
            );
        }
    }
    Finding::ok(SUBJECT, format!("{told}: every container requests what it goes by"))
}

/// What an autoscaler goes by, and of which container alone. Averages of values need no requests.
fn resources(autoscaler: &Node) -> Vec<(String, Option<String>)> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let of_metric = |metric: &Node| {
        let key = match text(metric, &["type"])? {
            "Resource" => "resource",
            "ContainerResource" => "containerResource",
            _ => return None,
        };
        if text(metric, &[key, "target", "type"]) != Some("Utilization") {
            return None;
        }
        Some((text(metric, &[key, "name"])?.to_owned(), owned(text(metric, &[key, "container"]))))
    };
    let metrics = items(autoscaler, &["spec", "metrics"]);
    // autoscaling/v1 has this one, and autoscaling/v2 goes by it where there is none.
    if metrics.is_empty() {
        vec![("cpu".to_owned(), None)]
    } else {
        metrics.iter().filter_map(of_metric).collect()
    }
}

/// Those that run as long as the pod: sidecars are among the init containers.
fn containers(spec: &Node) -> impl Iterator<Item = (&Node, &str)> {
    let sidecars = named(spec, "initContainers")
        .filter(|(container, _)| text(container, &["restartPolicy"]) == Some("Always"));
    named(spec, "containers").chain(sidecars)
}

/// Requests are the limits where they are not said.
fn requests(container: &Node, resource: &str) -> bool {
    ["requests", "limits"].iter().any(|kind| node(container, &["resources", kind, resource]).is_some())
}

/// A quota on limits forbids a pod of which one container has none.
fn of_lameduck(case: &Case) -> Option<Finding> {
    let own = case.presence.container().filter(|container| !std::ptr::eq(*container, case.pod.container))?;
    let is_whole = ["cpu", "memory"].iter().all(|resource| requests(own, resource));
    (!is_whole).then(|| {
        Finding::weaker(
            SUBJECT,
            "lameduck's container requests no cpu or no memory: an autoscaler that goes by it stops, and a quota forbids the pod",
            "set resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {cpu: 200m, memory: 64Mi}}, as `lameduck inject` does",
        )
    })
}
