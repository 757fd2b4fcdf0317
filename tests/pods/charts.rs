//! The chart of charts/lameduck-web, installed by Helm 3 and Helm 4: rollouts under load, by the test and by the chart's own `helm test`,
//! and nothing that is left in the end.
use super::clients::Clients;
use super::cluster::{Namespace, image, program_image, wait_for};
use super::reports::Reports;
use super::support::charts::Charts;
use super::support::helm::Helm;
use super::support::trial::trial;
use super::workload::Workload;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::process::Output;

/// The scenes: each mode once, and each Helm.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let installed =
        [(3, "entrypoint", "Deployment"), (4, "hook", "StatefulSet"), (4, "sidecar", "Deployment")];
    let drained = installed.into_iter().map(|(major, mode, kind)| {
        let name = format!("given_the_web_chart_in_mode_{mode}_by_helm_{major}_then_its_rollouts_lose_none_and_nothing_is_left");
        by(&name, major, needs, move |helm| drained(helm, mode, kind))
    });
    let fails =
        by("given_the_web_chart_switched_off_then_its_own_test_tells_of_lost_requests", 3, needs, lost);
    drained.chain([fails]).collect()
}

fn by(
    name: &str,
    major: u8,
    needs: &Result<(), String>,
    scene: impl FnOnce(&Helm) + Send + 'static,
) -> Trial {
    match needs.clone().and_then(|()| Helm::find(major)) {
        Ok(helm) => trial(name, &Ok(()), move || scene(&helm)),
        Err(reason) => trial(name, &Err(reason), || ()),
    }
}

/// gunicorn in `restricted`, with the labels by which scenes find it.
fn values(drain: &Value) -> Value {
    json!({
        "image": image(), "drain": drain, "podLabels": {"app": "web"}, "podSecurityContext": {"runAsUser": 65532},
        "command": ["gunicorn"],
        "args": ["--workers=2", "--bind=0.0.0.0:8000", "--worker-tmp-dir=/dev/shm", "app:application"],
        "readinessProbe": {"httpGet": {"path": "/pid", "port": "http"}, "periodSeconds": 1, "timeoutSeconds": 5},
    })
}

/// A release `web` of the chart in a namespace.
struct Release<'a> {
    charts: Charts,
    namespace: &'a Namespace,
}

impl<'a> Release<'a> {
    fn install(helm: &Helm, namespace: &'a Namespace, values: &Value) -> Self {
        let release = Self { charts: Charts::new(helm), namespace };
        let (chart, values) = (release.charts.path("lameduck-web"), release.charts.values(values));
        release.succeeds(&[
            "install",
            "web",
            &chart,
            "--values",
            &values.display().to_string(),
            "--wait",
            "--timeout=3m",
        ]);
        release
    }

    fn helm(&self, words: &[&str]) -> (Output, String) {
        let output = self.charts.helm(&[words, &["--namespace", self.namespace.name()]].concat());
        let said = [&output.stdout[..], &output.stderr].concat();
        (output, String::from_utf8(said).expect("UTF-8"))
    }

    fn succeeds(&self, words: &[&str]) -> String {
        let (output, said) = self.helm(words);
        assert!(output.status.success(), "helm {}: {said}", words.join(" "));
        said
    }
}

/// All that a namespace has and keeps: not what tells of it, as Events do.
fn content(namespace: &Namespace) -> Vec<String> {
    let kinds = "pods,services,endpointslices,endpoints,deployments,replicasets,statefulsets,controllerrevisions,serviceaccounts,roles,\
                 rolebindings,poddisruptionbudgets,horizontalpodautoscalers,networkpolicies,configmaps,secrets,persistentvolumeclaims";
    let names = namespace.kubectl(&["get", kinds, "--output=name"]);
    names.lines().map(str::to_owned).collect()
}

fn drained(helm: &Helm, mode: &str, kind: &str) {
    let scene = format!("the web chart in mode {mode}, a {kind}, by Helm {}", helm.major);
    let namespace = Namespace::new();
    // What each namespace is given by the cluster.
    wait_for("the default account", || {
        content(&namespace).iter().any(|name| name == "serviceaccount/default").then_some(())
    });
    wait_for("the authority's certificate", || {
        content(&namespace).iter().any(|name| name.ends_with("kube-root-ca.crt")).then_some(())
    });
    let before = content(&namespace);
    let mut values = values(&json!({"mode": mode, "image": program_image()}));
    values["kind"] = kind.into();
    values["rbac"] = json!({"create": true});
    values["networkPolicy"] = json!({"enabled": true});
    let release = Release::install(helm, &namespace, &values);
    let workload = Workload::new(&namespace, kind);
    // When: a rollout under load.
    let watched = Reports::watch(&namespace);
    let clients = Clients::start(&namespace, &workload.address());
    let old = workload.restart();
    clients.finish().assert_none_lost_or_refused(&scene);
    for report in watched.of(&old) {
        assert_eq!(report["outcome"], "drained", "{report}");
    }
    // And one by the chart's own test, of which only its word is left.
    if mode != "hook" {
        let pods = workload.unique_ids();
        let said = release.succeeds(&["test", "web", "--timeout=4m"]);
        let line =
            said.lines().find(|line| line.contains("pods replaced")).unwrap_or_else(|| panic!("{said}"));
        println!("{scene}: helm test: {line}");
        assert!(line.contains("2 pods replaced") && line.contains(", 0 lost"), "{line}");
        assert!(!workload.unique_ids().iter().any(|pod| pods.contains(pod)), "they were not replaced");
    }
    // Then: nothing is left.
    release.succeeds(&["uninstall", "web", "--wait"]);
    namespace.kubectl(&["delete", "pod", "clients"]);
    wait_for("a namespace as it was", || (content(&namespace) == before).then_some(()));
}

/// Answers take longer than the pods may: whoever waits for one in a rollout is lost.
fn lost(helm: &Helm) {
    let namespace = Namespace::new();
    let mut values = values(&json!({"mode": "off"}));
    values["terminationGracePeriodSeconds"] = 1.into();
    values["test"] = json!({"path": "/poll?ms=3000", "rate": 4});
    values["args"] =
        json!(["--threads=16", "--bind=0.0.0.0:8000", "--worker-tmp-dir=/dev/shm", "app:application"]);
    let release = Release::install(helm, &namespace, &values);
    let (output, said) = release.helm(&["test", "web", "--timeout=4m"]);
    println!("the web chart switched off: {said}");
    assert!(!output.status.success(), "{said}");
    let line = said.lines().find(|line| line.contains("pods replaced")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("2 pods replaced") && !line.contains(", 0 lost"), "{line}");
}
