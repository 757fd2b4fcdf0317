//! What an autoscaler reads of pods' use.
use super::cluster::{Namespace, kubectl};
use super::workload::SELECTOR;
use serde_json::{Value, json};
use std::time::SystemTime;

/// What metrics-server would tell: a cluster's own, or objects of a kind that is made for it here. Gone when dropped.
#[derive(Debug)]
pub struct Metrics(bool);

const METRICS: &str = "pods.metrics.k8s.io";

impl Metrics {
    /// Has the API server know them.
    pub fn serve(namespace: &Namespace) -> Self {
        let there =
            kubectl().args(["get", "--raw", "/apis/metrics.k8s.io/v1beta1"]).output().expect("kubectl");
        if there.status.success() {
            return Self(false);
        }
        let kind = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": METRICS, "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"}},
            "spec": {"group": "metrics.k8s.io", "scope": "Namespaced", "names": {"plural": "pods", "singular": "pod", "kind": "PodMetrics"},
                "versions": [{"name": "v1beta1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}});
        namespace.apply(&kind);
        let established = format!("customresourcedefinition/{METRICS}");
        let output =
            kubectl().args(["wait", "--for=condition=Established", "--timeout=60s", &established]).output();
        let output = output.expect("kubectl");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self(true)
    }

    /// Each container of gunicorn's pods uses 32 MiB.
    pub fn tell(&self, namespace: &Namespace) {
        if !self.0 {
            return;
        }
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        for pod in namespace.get(&["pods", SELECTOR])["items"].as_array().expect("pods") {
            let of = |list: &str| pod["spec"][list].as_array().cloned().unwrap_or_default();
            let containers: Vec<Value> = [of("containers"), of("initContainers")]
                .concat()
                .iter()
                .map(|container| json!({"name": container["name"], "usage": {"cpu": "5m", "memory": "32Mi"}}))
                .collect();
            namespace.apply(&json!({"apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics",
                "metadata": {"name": pod["metadata"]["name"], "labels": pod["metadata"]["labels"]},
                "timestamp": now, "window": "10s", "containers": containers}));
        }
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        if self.0 {
            let _ = kubectl().args(["delete", "customresourcedefinition", METRICS, "--wait=false"]).output();
        }
    }
}
