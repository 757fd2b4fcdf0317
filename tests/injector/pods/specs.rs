//! What else they are: systems, users, volumes, names that are taken.
use super::But::{Alike, LeftAlone, PassedOver};
use super::{Changes, container, web, with};
use serde_json::json;

/// All of them.
pub fn all() -> Vec<Changes> {
    [systems(), grace_periods(), volumes(), taken()].concat()
}

fn systems() -> Vec<Changes> {
    vec![
        ("windows", json!({"spec": {"os": {"name": "windows"}}}), Alike),
        ("windows-by-its-nodes", json!({"spec": {"nodeSelector": {"kubernetes.io/os": "windows"}}}), Alike),
        (
            "windows-by-its-options",
            json!({"spec": {"securityContext": {"windowsOptions": {"runAsUserName": "user"}}}}),
            LeftAlone("it is for Windows"),
        ),
        (
            "linux-by-its-nodes",
            json!({"spec": {"os": {"name": "linux"}, "nodeSelector": {"kubernetes.io/os": "linux", "disk": "ssd"}}}),
            Alike,
        ),
        ("hosts-network", json!({"spec": {"hostNetwork": true}}), Alike),
        (
            "shared-processes",
            json!({"spec": {"shareProcessNamespace": true, "hostUsers": false, "enableServiceLinks": false}}),
            Alike,
        ),
        ("root", json!({"spec": {"securityContext": {"runAsUser": 0}}}), Alike),
        (
            "one-user",
            json!({"spec": {"securityContext": {"runAsUser": 1_000_660_000, "runAsNonRoot": true}}}),
            Alike,
        ),
        (
            "two-users",
            with(
                &json!({"spec": {"securityContext": {"runAsUser": 1000}}}),
                &web(&json!({"securityContext": {"runAsUser": 1001}})),
            ),
            Alike,
        ),
        (
            "scheduling-gates",
            json!({"spec": {"schedulingGates": [{"name": "example.com/later"}], "tolerations": [{"operator": "Exists"}]}}),
            Alike,
        ),
        ("ends-by-itself", json!({"spec": {"restartPolicy": "Never"}}), PassedOver),
        ("is-a-jobs", json!({"spec": {"restartPolicy": "OnFailure"}}), PassedOver),
    ]
}

fn grace_periods() -> Vec<Changes> {
    vec![
        ("a-short-grace-period", json!({"spec": {"terminationGracePeriodSeconds": 29}}), Alike),
        ("a-long-grace-period", json!({"spec": {"terminationGracePeriodSeconds": 3600}}), Alike),
        ("no-grace-period", json!({"spec": {"terminationGracePeriodSeconds": 0}}), Alike),
    ]
}

fn volumes() -> Vec<Changes> {
    vec![
        (
            "mounts-and-volumes",
            json!({"spec": {"volumes": [{"name": "data", "emptyDir": {}}, {"name": "host", "hostPath": {"path": "/srv"}}],
        "containers": [with(&container("web"), &json!({"volumeMounts": [{"name": "data", "mountPath": "/data"}]}))]}}),
            Alike,
        ),
        (
            "volumes-of-many-kinds",
            json!({"spec": {"volumes": [
        {"name": "own", "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}},
        {"name": "info", "downwardAPI": {"items": [{"path": "annotations", "fieldRef": {"fieldPath": "metadata.annotations"}}]}},
        {"name": "code", "image": {"reference": "registry.example/code:1"}}]}}),
            Alike,
        ),
    ]
}

fn taken() -> Vec<Changes> {
    vec![
        ("lameduck-by-hand", web(&json!({"command": ["/usr/bin/lameduck", "run", "--", "gunicorn"]})), Alike),
        ("a-container-lameduck", json!({"spec": {"containers": [container("lameduck")]}}), Alike),
        (
            "an-init-container-of-our-name",
            json!({"spec": {"initContainers": [container("lameduck-install")]}}),
            Alike,
        ),
        ("a-volume-lameduck", json!({"spec": {"volumes": [{"name": "lameduck", "emptyDir": {}}]}}), Alike),
        (
            "a-mount-at-lameduck",
            json!({"spec": {"volumes": [{"name": "data", "emptyDir": {}}],
        "containers": [with(&container("web"), &json!({"volumeMounts": [{"name": "data", "mountPath": "/lameduck"}]}))]}}),
            Alike,
        ),
    ]
}
