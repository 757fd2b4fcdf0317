//! `lameduck doctor deployment/web` before a kube-apiserver, `$KUBECONFIG`: as whoever has set that up, and as a service account that
//! may read less.
use crate::cluster::{Account, Namespace, Rule, SLICES};
use crate::support::kubectl::api_server;
use crate::support::trial::trial;
use crate::support::{finish, lameduck};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Output;

const DEPLOYMENTS: Rule = ("deployments", "apps", &["get"]);

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_real_api_server_has_what_belongs_to_a_workload", &api_server(), belongs),
        trial("a_real_api_server_refuses_and_that_is_told", &api_server(), refused),
    ]
}

/// A Deployment under lameduck, its Service, and an autoscaler that it keeps from working.
fn web(namespace: &Namespace) {
    let labels = json!({"app": "web"});
    let container = json!({"name": "web", "image": "web", "command": ["lameduck", "run", "--", "sh", "-c", "gunicorn a:a"],
        "env": [{"name": "LAMEDUCK_DEADLINE", "value": "30s"}], "ports": [{"containerPort": 8000}]});
    namespace.create(
        &json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
        "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels},
            "spec": {"serviceAccountName": "web", "containers": [container]}}}}),
    );
    namespace.create(&json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {
        "selector": labels, "publishNotReadyAddresses": true, "ports": [{"port": 80, "targetPort": 8000}]}}));
    namespace.create(&json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "maxReplicas": 3,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]}}));
}

fn finding<'a>(page: &'a Value, subject: &str) -> [&'a str; 2] {
    let findings = page["workloads"][0]["findings"].as_array().expect("findings");
    let finding = findings
        .iter()
        .find(|finding| finding["subject"] == subject)
        .unwrap_or_else(|| panic!("{subject}: {page}"));
    ["state", "seen"].map(|name| finding[name].as_str().expect("a text"))
}

fn belongs() {
    let namespace = Namespace::new("examined-workload", &[SLICES]);
    web(&namespace);
    let mut doctor = lameduck();
    let Output { status, stdout, stderr } =
        finish(doctor.args(["doctor", "--json", "--namespace", namespace.name(), "deploy/web"]));
    assert_eq!((status.code(), String::from_utf8_lossy(&stderr).as_ref()), (Some(1), ""));
    let page: Value = serde_json::from_slice(&stdout).expect("JSON");
    assert_eq!(page["workloads"][0]["namespace"], namespace.name());
    assert_eq!(finding(&page, "lameduck")[0], "ok");
    assert_eq!(finding(&page, "list endpointslices"), ["ok", "the service account may"]);
    assert_eq!(finding(&page, "watch endpointslices"), ["ok", "the service account may"]);
    assert_eq!(finding(&page, "entrypoint")[0], "missing");
    assert_eq!(finding(&page, "publishNotReadyAddresses")[0], "weaker");
    assert_eq!(finding(&page, "readiness probe")[0], "weaker");
    assert_eq!(finding(&page, "requests")[0], "missing");
    assert!(finding(&page, "grace period")[1].contains("1s 800ms until traffic"), "{page}");
    // And without the Role.
    namespace.kubectl(&["delete", "rolebinding", "lameduck"], None);
    let Output { stdout, .. } =
        finish(lameduck().args(["doctor", "--json", "-n", namespace.name(), "deployment/web"]));
    let page: Value = serde_json::from_slice(&stdout).expect("JSON");
    assert_eq!(finding(&page, "list endpointslices"), ["weaker", "web: the service account may not"]);
    // The text that was read is what `kubectl get` has.
    let got = namespace.kubectl(&["get", "deployment,service,hpa", "-o", "yaml"], None);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), got).expect("a file");
    let Output { stdout, .. } = finish(lameduck().args(["doctor", "--json", "-f"]).arg(file.path()));
    let by_file: Value = serde_json::from_slice(&stdout).expect("JSON");
    for subject in ["entrypoint", "publishNotReadyAddresses", "requests", "grace period"] {
        assert_eq!(finding(&by_file, subject), finding(&page, subject));
    }
}

/// As the service account `web` of a namespace.
fn as_account(namespace: &Namespace) -> PathBuf {
    let Account { host, port, files } = namespace.account(&[]);
    let token = std::fs::read_to_string(files.join("token")).expect("a token");
    let config = json!({"apiVersion": "v1", "kind": "Config", "current-context": "web",
        "contexts": [{"name": "web", "context": {"cluster": "web", "user": "web", "namespace": namespace.name()}}],
        "clusters": [{"name": "web", "cluster": {"server": format!("https://{host}:{port}"), "certificate-authority": files.join("ca.crt")}}],
        "users": [{"name": "web", "user": {"token": token.trim()}}]});
    let file = files.join("kubeconfig");
    std::fs::write(&file, config.to_string()).expect("a file");
    file
}

fn refused() {
    let namespace = Namespace::new("refused-workload", &[DEPLOYMENTS]);
    web(&namespace);
    let config = as_account(&namespace);
    let asked = |object: &str| {
        let Output { status, stdout, stderr } =
            finish(lameduck().args(["doctor", object]).env("KUBECONFIG", &config));
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (status.code(), text(stdout), text(stderr))
    };
    let (status, page, said) = asked("deployment/other");
    assert_eq!((status, page.as_str()), (Some(2), ""));
    let gone = format!("there is no deployment other in the namespace {} (404)", namespace.name());
    assert!(said.contains(&gone), "{said}");
    let (status, page, said) = asked("statefulset/web");
    assert_eq!((status, page.as_str()), (Some(2), ""));
    assert!(
        said.contains("you may not get statefulsets in the namespace") && said.contains("(403)"),
        "{said}"
    );
    // What belongs to it may not be read: it is told what is not known.
    let (status, page, said) = asked("deployment/web");
    assert_eq!(status, Some(1), "{said}");
    for resource in ["services", "ingresses", "horizontalpodautoscalers"] {
        assert!(said.contains(&format!("note: {resource} cannot be listed")), "{said}");
    }
    assert!(page.contains("list endpointslices   ok       not known: "), "{page}");
    let text = std::fs::read_to_string(&config).expect("the file").replace("\"token\":\"", "\"token\":\"x");
    std::fs::write(&config, text).expect("the file");
    let (status, page, said) = asked("deployment/web");
    assert_eq!((status, page.as_str()), (Some(125), ""));
    assert!(said.contains("does not know you (401)"), "{said}");
}
