//! What is in their containers: how many, variables, commands, hooks, ports, resources.
use super::But::{Alike, NoInject, Resources};
use super::{Changes, annotated, container, web, with};
use serde_json::json;

/// All of them.
pub fn all() -> Vec<Changes> {
    [which(), variables(), commands(), hooks(), ports(), resources()].concat()
}

fn which() -> Vec<Changes> {
    vec![
        ("plain", json!({}), Alike),
        (
            "init-containers",
            json!({"spec": {"initContainers": [container("migrate"),
        with(&container("proxy"), &json!({"restartPolicy": "Always"}))]}}),
            Alike,
        ),
        ("two-containers", json!({"spec": {"containers": [container("logs"), container("web")]}}), Alike),
        (
            "two-containers-with-a-default",
            json!({"metadata": {"annotations": {"kubectl.kubernetes.io/default-container": "web"}},
        "spec": {"containers": [container("logs"), container("web")]}}),
            Alike,
        ),
        (
            "twenty-containers",
            json!({"metadata": {"annotations": {"inject.lameduck.dev/container": "c19"}},
        "spec": {"containers": (0..20).map(|number| container(&format!("c{number}"))).collect::<Vec<_>>()}}),
            Alike,
        ),
    ]
}

fn variables() -> Vec<Changes> {
    vec![
        (
            "environment",
            web(&json!({"env": [{"name": "A", "value": "$(B)"},
        {"name": "UID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}}]})),
            Alike,
        ),
        (
            "environment-from-elsewhere",
            web(&json!({"envFrom": [{"configMapRef": {"name": "none", "optional": true}}]})),
            Alike,
        ),
        (
            "own-variables",
            web(
                &json!({"env": [{"name": "LAMEDUCK_DEADLINE", "value": "1m"}, {"name": "LAMEDUCK_POD_IP", "value": "10.0.0.1"},
        {"name": "LAMEDUCK_TIMEOUT", "value": "20s"}]}),
            ),
            Alike,
        ),
        ("own-timeout-too-long", web(&json!({"env": [{"name": "LAMEDUCK_TIMEOUT", "value": "2m"}]})), Alike),
        (
            "own-timeout-from-elsewhere",
            web(&json!({"env": [{"name": "LAMEDUCK_RESERVE", "valueFrom":
        {"configMapKeyRef": {"name": "none", "key": "a", "optional": true}}}]})),
            Alike,
        ),
    ]
}

fn commands() -> Vec<Changes> {
    vec![
        ("no-command", web(&json!({"command": null})), Alike),
        ("no-command-nor-arguments", web(&json!({"command": null, "args": null})), Alike),
        (
            "a-command-by-annotation",
            with(
                &web(&json!({"command": null, "args": ["--bind=:8000"]})),
                &annotated("inject.lameduck.dev/command", "gunicorn  app:app "),
            ),
            Alike,
        ),
        ("a-command-twice", annotated("inject.lameduck.dev/command", "gunicorn app:app"), Alike),
        (
            "a-command-with-quotes",
            with(&web(&json!({"command": null})), &annotated("inject.lameduck.dev/command", "sh -c 'a b'")),
            NoInject,
        ),
    ]
}

fn hooks() -> Vec<Changes> {
    vec![
        (
            "a-hook",
            web(&json!({"lifecycle": {"preStop": {"exec": {"command": ["/bin/tell", "it's \"over\""]}}}})),
            Alike,
        ),
        (
            "a-hook-that-may-be-chained",
            with(
                &web(&json!({"lifecycle": {"preStop": {"exec": {"command": ["/bin/tell"]}}}})),
                &annotated("inject.lameduck.dev/chain", "true"),
            ),
            Alike,
        ),
        (
            "a-hook-that-asks-by-http",
            web(&json!({"lifecycle": {"preStop": {"httpGet": {"port": 8000}}}})),
            Alike,
        ),
        (
            "a-hook-by-http-that-may-be-chained",
            with(
                &web(&json!({"lifecycle": {"preStop": {"httpGet": {"port": 8000}}}})),
                &annotated("inject.lameduck.dev/chain", "true"),
            ),
            Alike,
        ),
        ("a-hook-that-sleeps", web(&json!({"lifecycle": {"preStop": {"sleep": {"seconds": 5}}}})), Alike),
        (
            "a-hook-that-runs-sleep",
            with(
                &web(&json!({"lifecycle": {"preStop": {"exec": {"command": ["/bin/sh", "-c", "sleep 5"]}}}})),
                &annotated("inject.lameduck.dev/chain", "true"),
            ),
            Alike,
        ),
        (
            "a-hook-at-the-start",
            web(&json!({"lifecycle": {"postStart": {"exec": {"command": ["true"]}}}})),
            Alike,
        ),
    ]
}

fn ports() -> Vec<Changes> {
    vec![
        (
            "ports-of-many-kinds",
            web(
                &json!({"ports": [{"containerPort": 53, "protocol": "UDP"}, {"name": "http", "containerPort": 8000}]}),
            ),
            Alike,
        ),
        ("no-port", web(&json!({"ports": null})), Alike),
        ("two-ports", web(&json!({"ports": [{"containerPort": 8000}, {"containerPort": 9000}]})), Alike),
        ("the-sidecars-port", web(&json!({"ports": [{"containerPort": 9180}]})), Alike),
    ]
}

fn resources() -> Vec<Changes> {
    vec![
        (
            "requests",
            web(
                &json!({"resources": {"requests": {"cpu": "100m", "memory": "64Mi", "ephemeral-storage": "1Gi"}}}),
            ),
            Resources,
        ),
        ("guaranteed", web(&json!({"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}})), Resources),
        ("devices", web(&json!({"resources": {"limits": {"example.com/device": "1"}}})), Alike),
        (
            "resources-of-the-pod",
            json!({"spec": {"resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}}}}),
            Resources,
        ),
        (
            "few-resources-of-the-pod",
            json!({"spec": {"resources": {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"cpu": "5m", "memory": "8Mi"}}}}),
            NoInject,
        ),
    ]
}
