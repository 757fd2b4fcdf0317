//! What each mode adds to a pod's template.
use super::container::{container, env, resources, security_context};
use super::options::{Mode, Mount, Options};
use super::overlay::Overlay;
use super::pod::{Pod, named};
use super::record::ANNOTATION;
use super::sidecar;
use super::tree::Node;
use super::value::{Value, map, texts};

/// Where the program is in the server's container.
pub const DIRECTORY: &str = "/lameduck";
const PROGRAM: &str = "/lameduck/lameduck";
/// Where the emptyDir is in the init container: the image has the program itself at `/lameduck`.
const TARGET: &str = "/target";
const VOLUME: &str = "lameduck";
const INSTALL: &str = "lameduck-install";

/// All that is added to the template; the annotation of what it is stays empty.
pub fn overlay(pod: &Pod, options: &Options) -> Overlay {
    let parts = match options.mode {
        Mode::Entrypoint => Parts { command: command(pod, options), ..Parts::with_program(pod, options) },
        Mode::Hook => Parts { lifecycle: hook(pod), ..Parts::with_program(pod, options) },
        Mode::Sidecar => sidecar::parts(pod, options),
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

/// What is added, place by place.
pub struct Parts {
    pub command: Overlay,
    pub lifecycle: Overlay,
    pub env: Vec<Value>,
    pub mounts: Vec<Value>,
    pub init_containers: Vec<Value>,
    pub volumes: Vec<Value>,
    pub annotations: Vec<(String, Overlay)>,
}

impl Parts {
    /// Nothing.
    pub fn nothing() -> Self {
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

/// An item in an annotation that is a list with commas; `None`: it is there.
pub fn listed(pod: &Pod, key: &str, item: &str) -> Option<(String, Overlay)> {
    let annotations = pod.workload.template.get("metadata").and_then(|metadata| metadata.get("annotations"));
    let overlay = match annotations.and_then(|all| all.get(key)).and_then(Node::text) {
        None => Overlay::Whole(item.into()),
        Some(list) if list.split(',').any(|known| known.trim() == item) => return None,
        Some("") => Overlay::Suffix(item.to_owned()),
        Some(_) => Overlay::Suffix(format!(",{item}")),
    };
    Some((key.to_owned(), overlay))
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
