//! What each of lameduck's own containers has; and its variables, in whichever container it runs.
use super::options::{Mode, Options};
use super::pod::Pod;
use super::tree::Node;
use super::value::{Value, map, texts};

/// The user of lameduck's image; and of distroless ones, where it is `nonroot`.
const USER: i64 = 65_532;

/// Requests and limits of lameduck's containers, which a quota or an autoscaler may ask for. The sidecar was at 2 MiB and
/// next to no processor while it waited; a copy of the program is its size in page cache.
const REQUESTS: [(&str, &str); 2] = [("cpu", "10m"), ("memory", "32Mi")];
const LIMITS: [(&str, &str); 2] = [("cpu", "200m"), ("memory", "64Mi")];

pub fn container(
    name: &str,
    options: &Options,
    entries: impl IntoIterator<Item = (&'static str, Value)>,
) -> Value {
    let mut all =
        vec![("name".to_owned(), Value::from(name)), ("image".to_owned(), options.image.as_str().into())];
    all.extend(options.pull_policy.as_deref().map(|policy| ("imagePullPolicy".to_owned(), policy.into())));
    all.extend(entries.into_iter().map(|(key, value)| (key.to_owned(), value)));
    Value::Map(all)
}

/// lameduck's variables that its container has not set itself. A pod is told neither its grace period nor who it is.
pub fn env(pod: &Pod, options: &Options) -> Vec<Value> {
    let field = |path: &str| map([("fieldRef", map([("fieldPath", path.into())]))]);
    let value = |name: &str, value: String| map([("name", name.into()), ("value", value.into())]);
    let mut all: Vec<(String, Value)> = Vec::new();
    for (name, path) in [
        ("LAMEDUCK_POD_NAME", "metadata.name"),
        ("LAMEDUCK_POD_UID", "metadata.uid"),
        ("LAMEDUCK_POD_NAMESPACE", "metadata.namespace"),
        ("LAMEDUCK_POD_IP", "status.podIPs"),
    ] {
        all.push((name.to_owned(), map([("name", name.into()), ("valueFrom", field(path))])));
    }
    let grace = pod.grace_period().unwrap_or_default();
    all.push(("LAMEDUCK_DEADLINE".to_owned(), value("LAMEDUCK_DEADLINE", format!("{grace}s"))));
    if options.mode != Mode::Sidecar && !options.ports.is_empty() {
        let ports: Vec<String> = options.ports.iter().map(u16::to_string).collect();
        all.push(("LAMEDUCK_PORT".to_owned(), value("LAMEDUCK_PORT", ports.join(","))));
    }
    for (name, text) in &options.env {
        all.retain(|(known, _)| known != name);
        all.push((name.clone(), value(name, text.clone())));
    }
    let own = options.mode == Mode::Sidecar;
    all.into_iter().filter(|(name, _)| own || pod.env(name).is_none()).map(|(_, entry)| entry).collect()
}

pub fn resources(pod: &Pod, options: &Options) -> Value {
    let given = |asked: &[(String, String)], default: [(&str, &str); 2]| {
        let pairs: Vec<(String, String)> = if asked.is_empty() {
            default.map(|(resource, quantity)| (resource.to_owned(), quantity.to_owned())).into()
        } else {
            asked.to_vec()
        };
        Value::Map(pairs.into_iter().map(|(resource, quantity)| (resource, quantity.into())).collect())
    };
    // One container whose requests are not its limits would make a Guaranteed pod Burstable.
    let requests = if pod.is_guaranteed() { LIMITS } else { REQUESTS };
    map([("requests", given(&options.requests, requests)), ("limits", given(&options.limits, LIMITS))])
}

/// What Pod Security `restricted` asks for. The user is that of the image, which is not root, unless the pod's or the server's has to be named.
pub fn security_context(pod: &Pod, server: Option<i64>) -> Value {
    let of_pod: Option<i64> = pod
        .of_spec(&["securityContext", "runAsUser"])
        .and_then(Node::text)
        .and_then(|user| user.parse().ok());
    let user = match (server.filter(|user| *user != 0), of_pod) {
        (Some(server), of_pod) if of_pod != Some(server) => Some(server),
        (None, Some(0)) => Some(USER),
        _ => None,
    };
    let mut entries = vec![
        ("allowPrivilegeEscalation".to_owned(), Value::Flag(false)),
        ("readOnlyRootFilesystem".to_owned(), Value::Flag(true)),
        ("runAsNonRoot".to_owned(), Value::Flag(true)),
    ];
    entries.extend(user.map(|user| ("runAsUser".to_owned(), Value::Number(user))));
    entries.push(("capabilities".to_owned(), map([("drop", texts(["ALL"]))])));
    entries.push(("seccompProfile".to_owned(), map([("type", "RuntimeDefault".into())])));
    Value::Map(entries)
}
