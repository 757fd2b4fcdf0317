//! What each mode adds to a pod's template.
use super::checks::excluding;
use super::options::{Mode, Mount, Options};
use super::overlay::Overlay;
use super::pod::{Pod, named};
use super::record::ANNOTATION;
use super::tree::Node;
use super::value::{Value, map, texts};
use crate::cli::values;

/// Where the program is in the server's container.
pub const DIRECTORY: &str = "/lameduck";
const PROGRAM: &str = "/lameduck/lameduck";
/// Where the emptyDir is in the init container: the image has the program itself at `/lameduck`.
const TARGET: &str = "/target";
const VOLUME: &str = "lameduck";
const INSTALL: &str = "lameduck-install";
/// The sidecar's own token, where the pod's containers have none.
pub const TOKEN: &str = "lameduck-token";
/// Where a pod's token is, by the kubelet's custom and client libraries' (kubernetes.io/docs/tasks/run-application/access-api-from-pod).
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// The sidecar's container.
pub const SIDECAR: &str = "lameduck";
/// The user of lameduck's image; and of distroless ones, where it is `nonroot`.
const USER: i64 = 65_532;

/// Requests and limits of lameduck's containers, which a quota or an autoscaler may ask for. The sidecar was at 2 MiB and
/// next to no processor while it waited; a copy of the program is its size in page cache.
const REQUESTS: [(&str, &str); 2] = [("cpu", "10m"), ("memory", "32Mi")];
const LIMITS: [(&str, &str); 2] = [("cpu", "200m"), ("memory", "64Mi")];

/// All that is added to the template; the annotation of what it is stays empty.
pub fn overlay(pod: &Pod, options: &Options) -> Overlay {
    let parts = match options.mode {
        Mode::Entrypoint => Parts { command: command(pod, options), ..Parts::with_program(pod, options) },
        Mode::Hook => Parts { lifecycle: hook(pod), ..Parts::with_program(pod, options) },
        Mode::Sidecar => Parts::of_sidecar(pod, options),
    };
    let container = Overlay::map([
        ("command", parts.command),
        ("env", Overlay::Items(parts.env)),
        ("lifecycle", parts.lifecycle),
        ("volumeMounts", Overlay::Items(parts.mounts)),
    ]);
    let containers = Overlay::Item(pod.container_name.to_owned(), Box::new(container));
    let mut annotations = parts.annotations;
    annotations.push((ANNOTATION.to_owned(), Overlay::Whole("".into())));
    Overlay::map([
        ("metadata", Overlay::map([("annotations", Overlay::Map(annotations))])),
        (
            "spec",
            Overlay::map([
                ("initContainers", Overlay::Items(parts.init_containers)),
                ("containers", containers),
                ("volumes", Overlay::Items(parts.volumes)),
            ]),
        ),
    ])
}

struct Parts {
    command: Overlay,
    lifecycle: Overlay,
    env: Vec<Value>,
    mounts: Vec<Value>,
    init_containers: Vec<Value>,
    volumes: Vec<Value>,
    annotations: Vec<(String, Overlay)>,
}

impl Parts {
    fn nothing() -> Self {
        Self {
            command: Overlay::nothing(),
            lifecycle: Overlay::nothing(),
            env: Vec::new(),
            mounts: Vec::new(),
            init_containers: Vec::new(),
            volumes: Vec::new(),
            annotations: Vec::new(),
        }
    }

    /// The program in the server's container, and its variables.
    fn with_program(pod: &Pod, options: &Options) -> Self {
        let mount =
            map([("name", VOLUME.into()), ("mountPath", DIRECTORY.into()), ("readOnly", Value::Flag(true))]);
        let parts = Self { env: env(pod, options), mounts: vec![mount], ..Self::nothing() };
        match options.mount {
            Mount::Image => {
                let mut image = vec![("reference".to_owned(), Value::from(options.image.as_str()))];
                image.extend(
                    options.pull_policy.as_deref().map(|policy| ("pullPolicy".to_owned(), policy.into())),
                );
                let volume = map([("name", VOLUME.into()), ("image", Value::Map(image))]);
                Self { volumes: vec![volume], ..parts }
            }
            Mount::Copy => {
                let volume = map([("name", VOLUME.into()), ("emptyDir", map([]))]);
                let mount = map([("name", VOLUME.into()), ("mountPath", TARGET.into())]);
                let of_install = [
                    ("args", texts(["install", TARGET])),
                    ("resources", resources(pod, options)),
                    ("securityContext", security_context(pod, None)),
                    ("volumeMounts", Value::List(vec![mount])),
                ];
                let install = container(INSTALL, options, of_install);
                // An emptyDir would keep the cluster autoscaler from removing the node.
                let key = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes";
                let annotations = listed(pod, key, VOLUME).into_iter().collect();
                Self { volumes: vec![volume], init_containers: vec![install], annotations, ..parts }
            }
        }
    }

    fn of_sidecar(pod: &Pod, options: &Options) -> Self {
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
            let mount = [
                ("name", TOKEN.into()),
                ("mountPath", SERVICE_ACCOUNT.into()),
                ("readOnly", Value::Flag(true)),
            ];
            of_sidecar.push(("volumeMounts", Value::List(vec![map(mount)])));
        }
        let header = map([("name", "X-Lameduck-Token".into()), ("value", token.into())]);
        let get = map([
            ("path", "/drain".into()),
            ("port", Value::Number(http.into())),
            ("httpHeaders", Value::List(vec![header])),
        ]);
        let lifecycle = Overlay::map([("preStop", Overlay::Whole(map([("httpGet", get)])))]);
        let annotations = options
            .mesh
            .and_then(|mesh| listed(pod, excluding(mesh), &http.to_string()))
            .into_iter()
            .collect();
        Self {
            lifecycle,
            init_containers: vec![container(SIDECAR, options, of_sidecar)],
            volumes: has_own_token.then(token_volume).into_iter().collect(),
            annotations,
            ..Self::nothing()
        }
    }
}

/// `lameduck run` in front of the container's own command, or of the one that was given.
fn command(pod: &Pod, options: &Options) -> Overlay {
    let run = [PROGRAM, "run", "--"];
    if pod.command().is_empty() {
        return Overlay::Whole(texts(run.into_iter().chain(options.command.iter().map(String::as_str))));
    }
    Overlay::Prefix(run.map(Value::from).into())
}

/// `lameduck wait` as the preStop hook, or before the one that is there.
fn hook(pod: &Pod) -> Overlay {
    if pod.pre_stop().is_some() {
        // The shell's own name, and then the hook's command as its arguments, whatever is in them.
        let chained = ["sh", "-c", "/lameduck/lameduck wait; exec \"$@\"", "sh"];
        let exec = Overlay::map([("command", Overlay::Prefix(chained.map(Value::from).into()))]);
        return Overlay::map([("preStop", Overlay::map([("exec", exec)]))]);
    }
    let exec = map([("command", texts([PROGRAM, "wait"]))]);
    Overlay::map([("preStop", Overlay::Whole(map([("exec", exec)])))])
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

fn container(
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
fn env(pod: &Pod, options: &Options) -> Vec<Value> {
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

fn resources(pod: &Pod, options: &Options) -> Value {
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
fn security_context(pod: &Pod, server: Option<i64>) -> Value {
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

/// An item in an annotation that is a list with commas; `None`: it is there.
fn listed(pod: &Pod, key: &str, item: &str) -> Option<(String, Overlay)> {
    let annotations = pod.workload.template.get("metadata").and_then(|metadata| metadata.get("annotations"));
    let overlay = match annotations.and_then(|all| all.get(key)).and_then(Node::text) {
        None => Overlay::Whole(item.into()),
        Some(list) if list.split(',').any(|known| known.trim() == item) => return None,
        Some("") => Overlay::Suffix(item.to_owned()),
        Some(_) => Overlay::Suffix(format!(",{item}")),
    };
    Some((key.to_owned(), overlay))
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

/// Whether lameduck will read its own pod, which its Role then has to permit.
pub fn reads_own_pod(pod: &Pod, options: &Options) -> bool {
    let here = if options.mode == Mode::Sidecar { None } else { pod.env("LAMEDUCK_OWN_POD") };
    let said = match here {
        Some(entry) => entry.get("value").and_then(Node::text),
        None => options.env("LAMEDUCK_OWN_POD"),
    };
    said == Some("read")
}

/// Whether a Service of this name spoils lameduck's own variable of the port, by what the kubelet sets for it.
pub fn misled_by_service_links(pod: &Pod) -> bool {
    pod.of_spec(&["enableServiceLinks"]).and_then(Node::text) != Some("false")
        && !named(pod.container, "env").any(|(_, name)| name == "LAMEDUCK_PORT")
}
