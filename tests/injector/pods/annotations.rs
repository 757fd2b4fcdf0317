//! What their annotations ask for, or are.
use super::But::{Alike, LeftAlone, NoInject, PassedOver};
use super::{Changes, annotated, container, web, with};
use serde_json::json;

/// All of them.
pub fn all() -> Vec<Changes> {
    [options(), times(), of_the_injector(), of_others()].concat()
}

fn options() -> Vec<Changes> {
    vec![
        (
            "two-ports-of-which-one-is-named",
            with(
                &web(&json!({"ports": [{"containerPort": 8000}, {"containerPort": 9000}]})),
                &annotated("lameduck.dev/port", "9000"),
            ),
            Alike,
        ),
        ("a-port-that-is-none", annotated("lameduck.dev/port", "http"), NoInject),
        ("another-port-for-the-sidecar", annotated("lameduck.dev/http", "[::]:9181"), Alike),
        ("an-address-without-a-port", annotated("lameduck.dev/http", "localhost"), Alike),
        ("a-token", annotated("lameduck.dev/token", "s3cret"), Alike),
        (
            "options",
            json!({"metadata": {"annotations": {"lameduck.dev/timeout": "20s", "lameduck.dev/lame-duck": "2s",
        "lameduck.dev/late-arrivals": "answer", "lameduck.dev.example/timeout": "1h"}}}),
            Alike,
        ),
        ("an-option-without-a-value", annotated("lameduck.dev/timeout", ""), NoInject),
        ("an-option-that-there-is-not", annotated("lameduck.dev/time.out_x", "\"$(A)\" \\ ü\n'"), NoInject),
    ]
}

fn times() -> Vec<Changes> {
    vec![
        ("a-cloud", annotated("lameduck.dev/propagation", "cloud-lb"), Alike),
        (
            "a-cloud-with-time",
            json!({"metadata": {"annotations": {"lameduck.dev/propagation": "cloud-lb", "lameduck.dev/timeout": "150s"}},
        "spec": {"terminationGracePeriodSeconds": 200}}),
            Alike,
        ),
        ("a-lame-duck-that-is-too-long", annotated("lameduck.dev/lame-duck", "25s"), Alike),
        (
            "bare-seconds",
            json!({"metadata": {"annotations": {"lameduck.dev/timeout": "40"}},
        "spec": {"terminationGracePeriodSeconds": 44}}),
            Alike,
        ),
        ("a-time-that-is-none", annotated("lameduck.dev/timeout", "soon"), Alike),
    ]
}

fn of_the_injector() -> Vec<Changes> {
    vec![
        ("off", annotated("lameduck.dev/inject", "off"), PassedOver),
        (
            "a-mode-that-there-is-not",
            annotated("lameduck.dev/inject", "Hook"),
            LeftAlone("Hook is none of hook, sidecar, entrypoint and off"),
        ),
        (
            "two-containers-and-one-is-named",
            json!({"metadata": {"annotations": {"inject.lameduck.dev/container": "web"}},
        "spec": {"containers": [container("logs"), container("web"), container("more")]}}),
            Alike,
        ),
        (
            "a-container-that-is-not-there",
            json!({"metadata": {"annotations": {"inject.lameduck.dev/container": "www"}}}),
            LeftAlone("it has no container www"),
        ),
        ("istio", annotated("inject.lameduck.dev/mesh", "istio"), Alike),
        (
            "istio-with-ports",
            json!({"metadata": {"annotations": {"inject.lameduck.dev/mesh": "istio",
        "traffic.sidecar.istio.io/excludeInboundPorts": "15020"}}}),
            Alike,
        ),
        ("linkerd", annotated("inject.lameduck.dev/mesh", "linkerd"), Alike),
        ("a-mesh-that-there-is-not", annotated("inject.lameduck.dev/mesh", "consul"), NoInject),
        ("injected-in-its-manifest", annotated("lameduck.dev/injected", "{\"mode\":\"hook\"}"), PassedOver),
        (
            "a-mode-as-long-as-can-be",
            annotated("lameduck.dev/inject", &"\u{1f986}".repeat(63_000)),
            LeftAlone("\u{1f986}\u{1f986}"),
        ),
    ]
}

fn of_others() -> Vec<Changes> {
    vec![
        ("no-metadata-but-a-name", json!({"metadata": {"labels": null, "annotations": null}}), Alike),
        (
            "evictable-volumes",
            annotated("cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes", "data"),
            Alike,
        ),
        (
            "annotations-in-the-way",
            json!({"metadata": {"annotations": {"a": "{{ }} 'b' \"c\" \\ \u{1f986}\n", "inject.lameduck.dev/unknown": "x"}}}),
            Alike,
        ),
        ("annotations-that-fill-it", annotated("a", &"x".repeat(262_143)), PassedOver),
        (
            "a-static-pods-mirror",
            json!({"metadata": {"annotations": {"kubernetes.io/config.mirror": "1", "kubernetes.io/config.hash": "1",
        "kubernetes.io/config.source": "file"}}, "spec": {"nodeName": "node"}}),
            PassedOver,
        ),
    ]
}
