//! Values that the application chart is rendered with.
use serde_json::{Value, json};

/// How the chart is drained, and as what.
const MODES: [&str; 4] = ["entrypoint", "hook", "sidecar", "off"];
const KINDS: [&str; 2] = ["Deployment", "StatefulSet"];

/// Values that are rendered: both kinds in each mode, with the defaults and with all that there is.
pub fn all_values() -> Vec<Value> {
    let each = KINDS.into_iter().flat_map(|kind| MODES.map(|mode| (kind, mode)));
    each.flat_map(|(kind, mode)| {
        let plain = json!({
            "image": "registry.example/web@sha256:0123", "kind": kind, "command": ["gunicorn"], "args": ["app:application"],
            "drain": {"mode": mode, "image": "registry.example/lameduck:1"},
        });
        let mut full = plain.clone();
        for (key, value) in everything().as_object().expect("a map") {
            full[key] = value.clone();
        }
        full["drain"]["env"] = json!({"LAMEDUCK_TIMEOUT": "40s"});
        [plain, full]
    })
    .collect()
}

fn everything() -> Value {
    json!({
        "global": {"region": "eu"},
        "imagePullPolicy": "Always", "imagePullSecrets": [{"name": "pull"}],
        "port": 9000, "env": [{"name": "A", "value": "1"}], "envFrom": [{"configMapRef": {"name": "a"}}],
        "livenessProbe": {"tcpSocket": {"port": "http"}}, "startupProbe": {"tcpSocket": {"port": "http"}},
        "terminationGracePeriodSeconds": 60,
        "volumes": [{"name": "tmp", "emptyDir": {}}], "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}}}}],
        "podAnnotations": {"a": "b"}, "podLabels": {"app": "web"},
        "nodeSelector": {"disk": "ssd"}, "tolerations": [{"key": "spot", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
        "service": {"type": "LoadBalancer", "port": 8080, "annotations": {"a": "b"}},
        "serviceAccount": {"create": true, "name": "shop", "annotations": {"a": "b"}},
        "rbac": {"create": true},
        "podDisruptionBudget": {"enabled": true, "maxUnavailable": "25%"},
        "autoscaling": {"enabled": true, "minReplicas": 3, "maxReplicas": 9, "cpu": 50},
        "serviceMonitor": {"enabled": true, "path": "/metrics", "labels": {"release": "prometheus"}},
        "networkPolicy": {"enabled": true, "from": [{"podSelector": {}}], "metricsFrom": [{"namespaceSelector": {}}]},
    })
}
