//! What both writers are given: workloads, the chart's options beside mode and image, and the modes in which they are drained.
use crate::bases::{container, deployment, of_file};
use crate::writers::MODES;
use serde_json::{Value, json};

/// A manifest, options, modes.
pub type Case = (String, Value, &'static [&'static str]);

/// All of them.
pub fn cases() -> Vec<Case> {
    let restricted = json!({"runAsUser": 1_000_650_000, "runAsNonRoot": true});
    let limits = json!({"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}});
    let annotated = json!({"metadata": {"annotations": {
        "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes": "cache, tmp",
        "traffic.sidecar.istio.io/excludeInboundPorts": "9180",
    }}});
    let own = json!({"env": [{"name": "LAMEDUCK_TIMEOUT", "value": "10s"}, {"name": "A", "value": "on"}]});
    let cleanup = json!({"lifecycle": {"preStop": {"exec": {"command": ["/bin/deregister", "\"now\""]}}}});
    let get = json!({"lifecycle": {"preStop": {"httpGet": {"path": "/stop", "port": 8000}}}});
    let two = json!({"metadata": {"annotations": {"kubectl.kubernetes.io/default-container": "web"}},
        "spec": {"containers": [{}, {"name": "exporter", "image": "b"}], "volumes": [{"name": "tmp", "emptyDir": {}}],
            "initContainers": [{"name": "migrate", "image": "c"}]}});
    let none = || json!({});
    vec![
        (of_file("django.yaml"), none(), &MODES),
        (
            of_file("django.yaml"),
            json!({"ports": [8000], "env": {"LAMEDUCK_TIMEOUT": "20s", "LAMEDUCK_DEADLINE": "29s"}}),
            &MODES,
        ),
        (of_file("statefulset.yaml"), json!({"container": "queue", "chain": true}), &["entrypoint", "hook"]),
        (of_file("deployment.json"), none(), &MODES),
        (of_file("awkward.yaml"), none(), &["entrypoint"]),
        (deployment(&none()), json!({"pullPolicy": "Never", "mount": "image"}), &["entrypoint", "hook"]),
        (
            deployment(&none()),
            json!({"pullPolicy": "Never", "mesh": "istio", "env": {"LAMEDUCK_HTTP": "[::]:9181"}}),
            &["sidecar"],
        ),
        (
            deployment(&none()),
            json!({"mesh": "linkerd", "env": {"LAMEDUCK_TOKEN": "0123", "LAMEDUCK_OWN_POD": "read"}}),
            &["sidecar"],
        ),
        (deployment(&none()), json!({"requests": {"cpu": "5m"}, "limits": {"memory": "100Mi"}}), &MODES),
        (deployment(&none()), json!({"ports": [8000, 8001]}), &MODES),
        (deployment(&json!({"spec": {"securityContext": restricted}})), none(), &MODES),
        (deployment(&json!({"spec": {"securityContext": {"runAsUser": 0}}})), none(), &MODES),
        (deployment(&container(&json!({"securityContext": {"runAsUser": 1_000_000}}))), none(), &MODES),
        (deployment(&container(&json!({"securityContext": {"runAsUser": 0}}))), none(), &MODES),
        (deployment(&container(&limits)), none(), &MODES),
        (
            deployment(&container(&json!({"command": null, "args": null}))),
            json!({"command": ["gunicorn", "a b", "it's"]}),
            &["entrypoint"],
        ),
        (deployment(&container(&json!({"command": null}))), none(), &["hook", "sidecar"]),
        (
            deployment(&container(&own)),
            json!({"env": {"LAMEDUCK_TIMEOUT": "12s", "LAMEDUCK_LAME_DUCK": "1s 500ms"}}),
            &MODES,
        ),
        (deployment(&container(&cleanup)), json!({"chain": true}), &["entrypoint", "hook"]),
        (deployment(&container(&get)), json!({"chain": true}), &["entrypoint"]),
        (
            deployment(&json!({"spec": {"terminationGracePeriodSeconds": 1_000_000}})),
            json!({"env": {"LAMEDUCK_PROPAGATION": "cloud-lb", "LAMEDUCK_TIMEOUT": "3min"}}),
            &MODES,
        ),
        (deployment(&annotated), json!({}), &MODES),
        (deployment(&annotated), json!({"mesh": "istio"}), &["sidecar"]),
        (deployment(&two), none(), &MODES),
    ]
}
