//! The API server fails at the stop: each drain goes on as without it, and nobody is lost. Between the pods and the API server is a
//! proxy that fails as it is told to (fault_proxy.py): the API server itself is everybody's. The rarer faults are in
//! tests/kubernetes/failures.rs. Pods that may not ask at all are those of the other scenes.
use super::clients::Clients;
use super::cluster::{Namespace, image};
use super::pods::{Pods, restricted};
use super::reports::Reports;
use super::support::certificate;
use super::support::made::run;
use super::support::runner::repeated;
use super::support::trial::trial;
use super::withdrawal::granted_namespace;
use libtest_mimic::Trial;
use serde_json::json;
use std::fs;
use std::process::Command;

/// The proxy's name.
const NAME: &str = "fault-proxy";

/// The faults by the proxy's words, and what the drain then knows of its endpoints. After the last there is no proxy.
const FAULTS: [(&str, &str); 6] = [
    ("pass", "withdrawn"),
    ("forbidden", "unknown"),
    ("overloaded", "unknown"),
    ("garbage", "unknown"),
    ("late", "unknown"),
    ("dies", "unknown"),
];

/// The scene.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let needs = needs.clone().and_then(|()| certificate::needs());
    vec![trial(
        "given_an_api_server_that_fails_then_the_drain_goes_on_and_nobody_is_lost",
        &needs,
        repeated(trouble),
    )]
}

fn trouble() {
    let namespace = granted_namespace();
    let host = proxy(&namespace);
    let deployment = told_of(&host, Pods::under_lameduck("sync").granted()).start(&namespace);
    let clients = Clients::start(&namespace, &deployment.address());
    for (fault, endpoints) in FAULTS {
        let write = "import sys; open('/dev/shm/fault', 'w').write(sys.argv[1])";
        namespace.kubectl(&["exec", NAME, "--", "python3", "-c", write, fault]);
        let reports = Reports::watch(&namespace);
        for report in reports.of(&deployment.restart()) {
            let facts = ["outcome", "endpoints"].map(|name| &report[name]);
            let asked = namespace.kubectl(&["logs", NAME]);
            assert_eq!(facts, ["drained", endpoints], "{fault}: {report}: the proxy was asked {asked}");
        }
    }
    let asked = namespace.kubectl(&["logs", NAME]);
    println!("what the proxy was asked: {}", asked.trim().replace('\n', ", "));
    for (fault, _) in FAULTS {
        assert!(asked.contains(&format!("{fault} list\n")), "{fault}: {asked}");
    }
    assert!(asked.contains("dies watch\n"), "{asked}");
    clients.finish().assert_none_lost("API server that fails");
}

/// Starts the proxy; the address of its Service.
fn proxy(namespace: &Namespace) -> String {
    namespace.apply(&json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": NAME},
        "spec": {"selector": {"app": NAME}, "ports": [{"port": 443, "targetPort": 6443}]},
    }));
    let host = namespace.get(&["service", NAME])["spec"]["clusterIP"].as_str().unwrap().to_owned();
    let [certificate, key] = certificate_for(&host);
    namespace.apply(&json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME},
        "data": {"proxy.py": include_str!("fault_proxy.py"), "certificate.pem": certificate, "key.pem": key},
    }));
    // The second is in every namespace (kube-controller-manager, root-ca-certificate-publisher).
    let mount = |name, path| json!({"name": name, "mountPath": path});
    let volume = |name, map| json!({"name": name, "configMap": {"name": map}});
    namespace.apply(&json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": NAME, "labels": {"app": NAME}},
        "spec": {
            "automountServiceAccountToken": false,
            "restartPolicy": "Never",
            "containers": [{
                "name": NAME, "image": image(), "command": ["python3", "/proxy/proxy.py"],
                "securityContext": restricted(),
                "readinessProbe": {"tcpSocket": {"port": 6443}, "periodSeconds": 1},
                "volumeMounts": [mount("proxy", "/proxy"), mount("api-server", "/api-server")],
            }],
            "volumes": [volume("proxy", NAME), volume("api-server", "kube-root-ca.crt")],
        },
    }));
    namespace.wait_for("condition=Ready", &["pod", NAME]);
    host
}

/// Pods that take the proxy for the API server: its address, and a service account's files with its certificate.
fn told_of(host: &str, pods: Pods) -> Pods {
    const FILES: &str = "/var/run/behind-the-proxy";
    let files = json!([
        {"serviceAccountToken": {"path": "token"}},
        {"configMap": {"name": NAME, "items": [{"key": "certificate.pem", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
    ]);
    pods.environment("KUBERNETES_SERVICE_HOST", host)
        .environment("KUBERNETES_SERVICE_PORT", "443")
        .environment("LAMEDUCK_SERVICE_ACCOUNT", FILES)
        .with(|pods| {
            pods.spec()["volumes"] = json!([{"name": "proxy", "projected": {"sources": files}}]);
            pods.lameduck()["volumeMounts"] = json!([{"name": "proxy", "mountPath": FILES}]);
            // Both at once.
            pods.strategy()["rollingUpdate"] = json!({"maxSurge": 2, "maxUnavailable": 0});
        })
}

/// A certificate for this address, which is its own authority, and its key.
fn certificate_for(host: &str) -> [String; 2] {
    let home = tempfile::tempdir().unwrap();
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|file| home.path().join(file));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=fault-proxy"]);
    openssl.args(["-addext", &format!("subjectAltName=IP:{host}")]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    run(openssl.arg("-out").arg(&certificate).arg("-keyout").arg(&key), "it needs openssl");
    [certificate, key].map(|file| fs::read_to_string(file).unwrap())
}
