//! Namespaces with a label, and the chart charts/lameduck-injector: a manifest that knows nothing of lameduck, and rollouts under load,
//! the last of which takes lameduck out again.
use super::clients::Clients;
use super::cluster::{Namespace, image, kubectl, program_image, wait_for};
use super::injected::plain;
use super::metrics::Metrics;
use super::pods::restricted;
use super::reports::Reports;
use super::support::helm::{Helm, by_both, helms};
use super::support::trial::trial;
use super::workload::{NAME, SELECTOR, Workload};
use libtest_mimic::Trial;
use serde_json::json;
use std::process::Output;

const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/lameduck-injector");

/// The scenes.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let helm = helms().into_iter().reduce(Result::or).expect("two");
    let needs = needs.clone().and_then(|()| policies_are_served());
    let one = needs.clone().and(helm.as_ref().map(|_| ()).map_err(Clone::clone));
    let scene = |(mode, capture, gate)| {
        let helm = helm.clone();
        let name = format!("given_a_namespace_of_mode_{mode}_then_the_rollouts_in_it_lose_none");
        trial(&name, &one, move || labelled(&helm.expect("as needed"), mode, capture, gate))
    };
    let modes = [("entrypoint", "bind", "divert"), ("hook", "none", "none"), ("sidecar", "none", "none")];
    let [bounded, scaled] = [helm.clone(), helm.clone()];
    let mut trials: Vec<Trial> = modes.map(scene).into();
    let name = "given_a_quota_and_a_limit_range_then_the_rollouts_with_sidecars_lose_none";
    trials.push(trial(name, &one, move || within_bounds(&bounded.expect("as needed"))));
    let name = "an_autoscaler_finds_the_requests_of_sidecars_that_were_admitted";
    trials.push(trial(name, &one, move || autoscaled(&scaled.expect("as needed"))));
    trials.extend(by_both("canaries_run_before_anything_is_bound_and_leave_nothing", &needs, canaries));
    let name = "given_an_image_that_is_not_there_then_the_chart_is_not_installed";
    trials.push(trial(name, &one, move || no_image(&helm.expect("as needed"))));
    trials
}

fn policies_are_served() -> Result<(), String> {
    let known = kubectl().args(["get", "mutatingadmissionpolicies", "--output=name"]).output();
    let served = known.is_ok_and(|output| output.status.success());
    served.then_some(()).ok_or_else(|| "the cluster serves no MutatingAdmissionPolicy".to_owned())
}

/// The chart in a namespace of its own; uninstalled when dropped.
struct Release<'a> {
    helm: &'a Helm,
    namespace: Namespace,
}

impl<'a> Release<'a> {
    fn new(helm: &'a Helm) -> Self {
        Self { helm, namespace: Namespace::new() }
    }

    fn install(&self, words: &[&str]) -> Output {
        let image = format!("--set=image={}", program_image());
        self.helm(
            &[&["install", self.namespace.name(), CHART, &image, "--set=pullPolicy=Never"], words].concat(),
        )
    }

    fn helm(&self, words: &[&str]) -> Output {
        self.helm.command(words).args(["--namespace", self.namespace.name()]).output().expect("helm")
    }

    /// One that is there, without canaries.
    fn installed(helm: &'a Helm) -> Self {
        let release = Self::new(helm);
        assert_success(&release.install(&["--no-hooks"]));
        release
    }
}

impl Drop for Release<'_> {
    fn drop(&mut self) {
        self.helm(&["uninstall", self.namespace.name()]);
    }
}

fn assert_success(output: &Output) {
    let [said, wrong] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{said}{wrong}");
}

/// Pods that are made in this namespace get lameduck from now on, or no more: an API server looks for policies once a second.
fn label(namespace: &Namespace, mode: &str) {
    let label = format!("lameduck.dev/inject={mode}");
    let labelled = kubectl().args(["label", "--overwrite", "namespace", namespace.name(), &label]).output();
    assert_success(&labelled.expect("kubectl"));
    let asked = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "asked"}, "spec": {"containers": [{
        "name": "asked", "image": image(), "command": ["gunicorn"], "ports": [{"containerPort": 8000}], "securityContext": restricted()}]}});
    wait_for("the policy is known", || {
        let made = namespace.would_make(&asked);
        let injected = &made["metadata"]["annotations"]["lameduck.dev/injected"];
        (injected.as_str() == (mode != "off").then(|| format!("admission: {mode}")).as_deref()).then_some(())
    });
}

fn labelled(helm: &Helm, mode: &str, capture: &str, gate: &str) {
    let _release = Release::installed(helm);
    let namespace = Namespace::new();
    label(&namespace, mode);
    let objects = plain();
    namespace.apply(&objects);
    let workload = Workload::new(&namespace, "Deployment");
    workload.wait_until_available();
    rolled(&format!("a namespace of mode {mode}"), &namespace, &workload, (capture, gate));
    let template = &namespace.get(&["deployment", NAME])["spec"]["template"];
    assert!(!template.to_string().replace(&image(), "").to_lowercase().contains("lameduck"), "{template}");
}

/// One rollout under load, and one that takes lameduck out.
fn rolled(scene: &str, namespace: &Namespace, workload: &Workload, (capture, gate): (&str, &str)) {
    let watched = Reports::watch(namespace);
    let clients = Clients::start(namespace, &workload.address());
    let mut old = workload.restart();
    label(namespace, "off");
    old.extend(workload.restart());
    clients.finish().assert_none_lost_or_refused(scene);
    for report in watched.of(&old) {
        assert_eq!(
            (&report["outcome"], &report["capture"], &report["gate"]),
            (&"drained".into(), &capture.into(), &gate.into()),
            "{report}"
        );
    }
    let pods = namespace.get(&["pods", SELECTOR]);
    let left = pods["items"].to_string().replace(&image(), "");
    assert!(!left.contains("lameduck.dev/injected") && !left.contains("LAMEDUCK"), "{left}");
}

/// The quota counts limits, which only the LimitRange gives gunicorn.
fn within_bounds(helm: &Helm) {
    let _release = Release::installed(helm);
    let namespace = Namespace::new();
    namespace.apply(&json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "defaults"}, "spec": {"limits": [{
        "type": "Container", "min": {"memory": "16Mi"}, "max": {"memory": "512Mi"},
        "default": {"cpu": "1", "memory": "256Mi"}, "defaultRequest": {"cpu": "20m", "memory": "64Mi"}}]}}));
    namespace.apply(&json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "all"}, "spec": {"hard": {
        "limits.cpu": "6", "limits.memory": "2Gi", "requests.cpu": "1", "requests.memory": "1Gi", "pods": "8"}}}));
    label(&namespace, "sidecar");
    namespace.apply(&plain());
    let workload = Workload::new(&namespace, "Deployment");
    workload.wait_until_available();
    let used = namespace.get(&["resourcequota", "all"]);
    // Two of gunicorn's 256 Mi and two of the sidecar's 64.
    assert_eq!(used["status"]["used"]["limits.memory"], "640Mi", "{used}");
    rolled("a quota and a LimitRange", &namespace, &workload, ("none", "none"));
}

/// It counts what all containers use against what all of them request, and gives up where one requests nothing.
fn autoscaled(helm: &Helm) {
    let _release = Release::installed(helm);
    let namespace = Namespace::new();
    let metrics = Metrics::serve(&namespace);
    label(&namespace, "sidecar");
    let mut objects = plain();
    for object in objects["items"].as_array_mut().expect("a List") {
        if object["kind"] == "Deployment" {
            object["spec"]["template"]["spec"]["containers"][0]["resources"] =
                json!({"requests": {"memory": "64Mi"}});
        }
    }
    namespace.apply(&objects);
    Workload::new(&namespace, "Deployment").wait_until_available();
    metrics.tell(&namespace);
    namespace.apply(&json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": NAME}, "spec": {
        "minReplicas": 2, "maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME},
        "metrics": [{"type": "Resource", "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 80}}}]}}));
    let reason = wait_for("the autoscaler has its metrics", || {
        metrics.tell(&namespace);
        let autoscaler = namespace.get(&["horizontalpodautoscaler", NAME]);
        let conditions = autoscaler["status"]["conditions"].as_array()?.clone();
        let active = conditions.into_iter().find(|condition| condition["type"] == "ScalingActive")?;
        let told = active["message"].as_str()?.to_owned();
        assert!(!told.contains("missing request"), "{told}");
        (active["status"] == "True").then(|| active["reason"].clone())
    });
    assert_eq!(reason, "ValidMetricFound");
}

/// What a release of the chart may leave: policies, of which no namespace's are, and what is in its own.
fn left(namespace: &Namespace) -> String {
    let kinds = "mutatingadmissionpolicies,mutatingadmissionpolicybindings,validatingadmissionpolicies,validatingadmissionpolicybindings";
    let all = kubectl().args(["get", kinds, "--output=name"]).output().expect("kubectl");
    assert_success(&all);
    let all = String::from_utf8(all.stdout).expect("UTF-8");
    let mut ours: Vec<&str> = all.lines().filter(|line| line.contains(namespace.name())).collect();
    let within = namespace.kubectl(&["get", "jobs,pods,secrets", "--output=name"]);
    ours.extend(within.lines());
    ours.join("\n")
}

fn canaries(helm: &Helm) {
    let release = Release::new(helm);
    assert_success(&release.install(&[]));
    let there = left(&release.namespace);
    assert!(!there.contains("canary") && there.contains("mutatingadmissionpolicybinding"), "{there}");
    let uninstalled = release.helm(&["uninstall", release.namespace.name()]);
    assert_success(&uninstalled);
    wait_for("nothing is left", || left(&release.namespace).is_empty().then_some(()));
}

/// With such an image no pod of any namespace would start.
fn no_image(helm: &Helm) {
    let release = Release::new(helm);
    let output = release.install(&["--set=image=localhost/not-there:1", "--set=canary.timeout=20"]);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && wrong.contains("canary-entrypoint"), "{wrong}");
    let events = release.namespace.kubectl(&["get", "events", "--field-selector=reason=ErrImageNeverPull"]);
    assert!(events.contains("canary-entrypoint"), "{events}");
    let there = left(&release.namespace);
    assert!(!there.contains("admissionpolic") && !there.contains("job"), "{there}");
}
