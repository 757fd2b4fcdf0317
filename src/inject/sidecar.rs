//! Mode `sidecar`: a container beside the server's, asked by its preStop hook.
use super::checks::excluding;
use super::container::{container, env, resources, security_context};
use super::modes::{Parts, listed};
use super::options::Options;
use super::overlay::Overlay;
use super::pod::Pod;
use super::tree::Node;
use super::value::{Value, map, texts};
use crate::cli::values;

/// The sidecar's container.
pub const SIDECAR: &str = "lameduck";
/// The sidecar's own token, where the pod's containers have none.
pub const TOKEN: &str = "lameduck-token";
/// Where a pod's token is, by the kubelet's custom and client libraries' (kubernetes.io/docs/tasks/run-application/access-api-from-pod).
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// What it adds.
pub fn parts(pod: &Pod, options: &Options) -> Parts {
    // Where it is none that was refused (checks).
    let http = http_port(options).unwrap_or_default();
    let ports: Vec<String> = ports(pod, options).iter().map(u16::to_string).collect();
    let token = options.env("LAMEDUCK_TOKEN").unwrap_or(pod.workload.name);
    let mut env = env(pod, options);
    if options.env("LAMEDUCK_TOKEN").is_none() {
        env.push(map([("name", "LAMEDUCK_TOKEN".into()), ("value", token.into())]));
    }
    let port = map([("name", SIDECAR.into()), ("containerPort", Value::Number(http.into()))]);
    // Not ready once the drain has begun: that takes the pod out of its Services, in liveness kills too.
    let probe = map([
        ("httpGet", map([("path", "/readyz".into()), ("port", Value::Number(http.into()))])),
        ("periodSeconds", Value::Number(1)),
        ("failureThreshold", Value::Number(1)),
    ]);
    let has_own_token = options.with_rbac && !pod.has_token();
    let mut of_sidecar = vec![
        // A native sidecar (Kubernetes 1.29): it starts before the server, and ends after it.
        ("restartPolicy", "Always".into()),
        ("args", texts(["sidecar", "--port", &ports.join(",")])),
        ("env", Value::List(env)),
        ("ports", Value::List(vec![port])),
        ("readinessProbe", probe),
        ("resources", resources(pod, options)),
        ("securityContext", security_context(pod, pod.user())),
    ];
    if has_own_token {
        let mount =
            [("name", TOKEN.into()), ("mountPath", SERVICE_ACCOUNT.into()), ("readOnly", Value::Flag(true))];
        of_sidecar.push(("volumeMounts", Value::List(vec![map(mount)])));
    }
    let header = map([("name", "X-Lameduck-Token".into()), ("value", token.into())]);
    let get = map([
        ("path", "/drain".into()),
        ("port", Value::Number(http.into())),
        ("httpHeaders", Value::List(vec![header])),
    ]);
    let lifecycle = Overlay::map([("preStop", Overlay::Whole(map([("httpGet", get)])))]);
    let annotations =
        options.mesh.and_then(|mesh| listed(pod, excluding(mesh), &http.to_string())).into_iter().collect();
    Parts {
        lifecycle,
        init_containers: vec![container(SIDECAR, options, of_sidecar)],
        volumes: has_own_token.then(token_volume).into_iter().collect(),
        annotations,
        ..Parts::nothing()
    }
}

/// A volume like the one that the kubelet gives to all containers where it gives one (projected, KEP-1205): its token is mounted
/// in the sidecar alone, so the server's container still has none.
fn token_volume() -> Value {
    let authority = map([("key", "ca.crt".into()), ("path", "ca.crt".into())]);
    let field = map([("fieldPath", "metadata.namespace".into())]);
    let namespace = map([("path", "namespace".into()), ("fieldRef", field)]);
    let sources = [
        map([("serviceAccountToken", map([("path", "token".into())]))]),
        map([(
            "configMap",
            map([("name", "kube-root-ca.crt".into()), ("items", Value::List(vec![authority]))]),
        )]),
        map([("downwardAPI", map([("items", Value::List(vec![namespace]))]))]),
    ];
    map([("name", TOKEN.into()), ("projected", map([("sources", Value::List(sources.into()))]))])
}

/// The server's ports: those that were given, or the container's own.
pub fn ports(pod: &Pod, options: &Options) -> Vec<u16> {
    if !options.ports.is_empty() {
        return options.ports.clone();
    }
    let ports = pod.of_container(&["ports"]).map(Node::items).unwrap_or_default();
    let tcp =
        |port: &&Node| port.get("protocol").and_then(Node::text).is_none_or(|protocol| protocol == "TCP");
    ports.iter().filter(tcp).filter_map(|port| port.get("containerPort")?.text()?.parse().ok()).collect()
}

/// The sidecar's own port.
///
/// # Errors
/// When what was given is no address.
pub fn http_port(options: &Options) -> Result<u16, String> {
    let text = options.env("LAMEDUCK_HTTP").unwrap_or(values::HTTP);
    let address = values::socket_address(text).map_err(|error| format!("LAMEDUCK_HTTP={text}: {error}"))?;
    Ok(address.port())
}
