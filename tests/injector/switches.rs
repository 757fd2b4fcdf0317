//! On and off: the namespace's label and the pod's annotation; what is said about it; and what is left when the chart is gone.
use super::cluster::{Namespace, kubectl, said};
use super::release::{self, Release};
use super::support::helm::Helm;
use super::support::wait_for;
use serde_json::{Value, json};

fn pod(inject: Option<&str>) -> Value {
    let annotations = inject.map(|mode| json!({"lameduck.dev/inject": mode}));
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "annotations": annotations},
        "spec": {"automountServiceAccountToken": false, "containers": [
            {"name": "web", "image": "registry.example/web:1", "ports": [{"containerPort": 8000}]}]}})
}

fn deployment(pod: &Value) -> Value {
    let mut template = json!({"metadata": {"labels": {"app": "web"}}, "spec": pod["spec"]});
    template["metadata"]["annotations"] = pod["metadata"]["annotations"].clone();
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template}})
}

/// What the policy has said of a pod: the mode, or why it is left alone.
fn mode_of(namespace: &Namespace, pod: &Value) -> Option<String> {
    let made = namespace.would_make([pod].into_iter());
    let said = |name: &str| made[0]["metadata"]["annotations"][name].as_str().map(str::to_owned);
    said("lameduck.dev/injected").or_else(|| said("inject.lameduck.dev/left-alone"))
}

/// A label, an annotation, and each of them off.
pub fn switched(helm: &Helm) {
    let _release = Release::install(helm, &[]);
    let namespace = Namespace::new(Some("sidecar"));
    let [plain, hook, off] = [None, Some("hook"), Some("off")].map(pod);
    assert_eq!(mode_of(&namespace, &plain).as_deref(), Some("admission: sidecar"));
    assert_eq!(mode_of(&namespace, &hook).as_deref(), Some("admission: hook"), "the pod's own");
    assert_eq!(mode_of(&namespace, &off), None);
    for label in ["off", "Sidecar"] {
        let label = format!("lameduck.dev/inject={label}");
        said(&["label", "--overwrite", "namespace", namespace.name(), &label]);
        wait_for("the label", || mode_of(&namespace, &plain).is_none().then_some(()));
        assert_eq!(mode_of(&namespace, &hook), None, "nothing is added where the namespace does not ask");
    }
    said(&["label", "--overwrite", "namespace", namespace.name(), "lameduck.dev/inject=hook"]);
    wait_for("the label", || (mode_of(&namespace, &plain)? == "admission: hook").then_some(()));
    said(&["label", "namespace", namespace.name(), "lameduck.dev/inject-"]);
    wait_for("no label", || mode_of(&namespace, &plain).is_none().then_some(()));
}

/// What is not there yet when a pod is made, and what is done to it later.
pub fn lived(helm: &Helm) {
    let _release = Release::install(helm, &[]);
    let namespace = Namespace::new(Some("sidecar"));
    let mut gated = pod(None);
    gated["metadata"] = json!({"generateName": "web-5d8f-"});
    gated["spec"]["schedulingGates"] = json!([{"name": "example.com/never"}]);
    let made = namespace.fed(&["create", "--output=json"], &gated);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made: Value = serde_json::from_slice(&made.stdout).expect("JSON");
    let token = &made["spec"]["containers"][0]["lifecycle"]["preStop"]["httpGet"]["httpHeaders"][0]["value"];
    let variables = made["spec"]["initContainers"][0]["env"].as_array().expect("variables");
    assert_eq!(token, "web-5d8f");
    assert!(variables.contains(&json!({"name": "LAMEDUCK_TOKEN", "value": token})), "{variables:?}");
    // A container to look into it, and a label: neither is a pod that is made.
    let name = made["metadata"]["name"].as_str().expect("a name");
    let ephemeral = json!([{"op": "add", "path": "/spec/ephemeralContainers", "value": [{"name": "look", "image": "none"}]}]);
    let patch = format!("--patch={ephemeral}");
    for words in [
        vec!["patch", "pod", name, "--subresource=ephemeralcontainers", "--type=json", &patch],
        vec!["label", "pod", name, "seen=yes"],
    ] {
        let output = namespace.command(&words).output().expect("kubectl");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let now = said(&["--namespace", namespace.name(), "get", "pod", name, "--output=json"]);
    let now: Value = serde_json::from_str(&now).expect("JSON");
    assert_eq!(now["spec"]["ephemeralContainers"][0]["name"], "look");
    for list in ["containers", "initContainers", "volumes"] {
        assert_eq!(now["spec"][list], made["spec"][list]);
    }
    said(&[
        "--namespace",
        namespace.name(),
        "delete",
        "pod",
        name,
        "--wait=false",
        "--grace-period=0",
        "--force",
    ]);
}

/// Who applies a workload hears of it, and nobody else of anything.
pub fn warned(helm: &Helm) {
    let _release = Release::install(helm, &["env.LAMEDUCK_RESERVE=6s"]);
    let namespace = Namespace::new(Some("entrypoint"));
    let mut silent = pod(None);
    silent["spec"]["containers"][0]["command"] = json!(["gunicorn"]);
    silent["spec"]["terminationGracePeriodSeconds"] = 31.into();
    let mut short = silent.clone();
    short["spec"]["terminationGracePeriodSeconds"] = 30.into();
    let no_command = "container web has no command";
    let too_short = "terminationGracePeriodSeconds is 30, less than LAMEDUCK_TIMEOUT (25s) and LAMEDUCK_RESERVE (6s) together";
    let port = "the ports";
    for (pod, sentences) in [
        (&silent, vec![]),
        (&short, vec![too_short]),
        (&pod(None), vec![no_command, too_short]),
        (&pod(Some("off")), vec![]),
        (&with_ports(&silent, "sidecar"), vec![port]),
    ] {
        for object in [pod, &deployment(pod)] {
            let warnings = namespace.warnings(object);
            let ours: Vec<&String> = warnings.iter().filter(|warning| warning.contains("lameduck")).collect();
            let what = format!("{} {}: {warnings:?}", object["kind"], pod["metadata"]);
            assert_eq!(ours.len(), usize::from(!sentences.is_empty()), "{what}");
            for sentence in &sentences {
                assert!(ours[0].contains("lameduck leaves it alone") && ours[0].contains(sentence), "{what}");
            }
        }
    }
    let output = kubectl()
        .args(["label", "--overwrite", "namespace", namespace.name(), "lameduck.dev/inject=hok"])
        .output()
        .expect("kubectl");
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && wrong.contains("hok is none of hook, sidecar, entrypoint and off"),
        "{wrong}"
    );
}

fn with_ports(pod: &Value, mode: &str) -> Value {
    let mut pod = pod.clone();
    pod["metadata"]["annotations"] = json!({"lameduck.dev/inject": mode});
    pod["spec"]["containers"][0]["ports"] = json!([{"containerPort": 8000}, {"containerPort": 9000}]);
    pod
}

/// What there is of the kinds that the chart makes, with the release's name in theirs.
fn objects() -> Vec<String> {
    let kinds = "mutatingadmissionpolicies,mutatingadmissionpolicybindings,validatingadmissionpolicies,\
                 validatingadmissionpolicybindings,roles,rolebindings,jobs,pods,secrets";
    let all = said(&["get", kinds, "--all-namespaces", "--output=name"]);
    all.lines().filter(|line| line.contains(&release::name())).map(str::to_owned).collect()
}

/// An upgrade changes what is there, and an uninstall takes all of it away.
pub fn gone(helm: &Helm) {
    let namespace = Namespace::new(Some("hook"));
    let pull_policy = || {
        let made = namespace.would_make([&pod(None)].into_iter());
        made[0]["spec"]["initContainers"][0]["imagePullPolicy"].as_str().map(str::to_owned)
    };
    {
        let slices = format!("endpointSlices.namespaces={{{}}}", namespace.name());
        let release = Release::install(helm, &[&slices]);
        assert_eq!(pull_policy().as_deref(), Some("IfNotPresent"));
        let during = objects();
        // Three policies with their bindings, Role and RoleBinding, and Helm's own Secret.
        assert_eq!(during.len(), 9, "{during:?}");
        let upgraded = release.upgrade(&["pullPolicy=Always"]);
        assert!(upgraded.status.success(), "{}", String::from_utf8_lossy(&upgraded.stderr));
        wait_for("the other policy", || (pull_policy()? == "Always").then_some(()));
    }
    assert_eq!(objects(), Vec::<String>::new());
    assert_eq!(pull_policy(), None);
}
