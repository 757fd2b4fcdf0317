//! What keeps lameduck out of a pod, and what has to be said about one that it comes into.
use super::modes::DIRECTORY;
use super::options::{Mesh, Mode, Mount, Options};
use super::pod::{Pod, named};
use super::sidecar::{SIDECAR, TOKEN, http_port, ports};
use super::sleep::sleeps;
use super::tree::Node;
use crate::cli::values;
use std::time::Duration;

/// All reasons not to.
pub fn refusals(pod: &Pod, options: &Options) -> Vec<String> {
    let all = [
        windows(pod),
        by_hand(pod, options),
        taken_names(pod),
        hook(pod, options),
        command(pod, options),
        port(pod, options),
        host_network(pod, options),
        time(pod, options).err(),
    ];
    all.into_iter().flatten().collect()
}

fn windows(pod: &Pod) -> Option<String> {
    let os = [&["os", "name"][..], &["nodeSelector", "kubernetes.io/os"]];
    let windows = os.iter().any(|keys| pod.of_spec(keys).and_then(Node::text) == Some("windows"));
    windows.then(|| "it is for Windows: lameduck runs on Linux".to_owned())
}

fn by_hand(pod: &Pod, options: &Options) -> Option<String> {
    let is_lameduck =
        |word: &Node| word.text().is_some_and(|text| text.rsplit('/').next() == Some("lameduck"));
    let first = pod
        .command()
        .first()
        .or_else(|| options.command.is_empty().then(|| pod.of_container(&["args"])?.items().first())?);
    first.is_some_and(is_lameduck).then(|| {
        format!(
            "container {} runs under lameduck already, by hand: take that away, or leave it so",
            pod.container_name
        )
    })
}

fn taken_names(pod: &Pod) -> Option<String> {
    let of = |key| named(pod.spec, key).map(|(_, name)| name);
    let ours = |name: &&str| *name == SIDECAR || name.starts_with("lameduck-install");
    let container = of("containers").chain(of("initContainers")).find(ours);
    let volume = of("volumes").find(|name| ["lameduck", TOKEN].contains(name));
    let mount = pod.of_container(&["volumeMounts"]).map(Node::items).unwrap_or_default();
    let at = mount.iter().find(|mount| mount.get("mountPath").and_then(Node::text) == Some(DIRECTORY));
    let taken = container
        .map(|name| format!("a container {name}"))
        .or_else(|| volume.map(|name| format!("a volume {name}")))
        .or_else(|| at.map(|_| format!("something mounted at {DIRECTORY}")))?;
    Some(format!("it has {taken} already, by hand: take that away, or leave it so"))
}

fn hook(pod: &Pod, options: &Options) -> Option<String> {
    let hook = pod.pre_stop()?;
    let line = hook.line;
    if sleeps(hook).is_some() {
        return Some(format!(
            "line {line}: the preStop hook only sleeps, which is what lameduck is there instead of: take it away"
        ));
    }
    match (options.mode, options.chain) {
        (Mode::Entrypoint, true) => None,
        (Mode::Entrypoint, false) => Some(format!(
            "line {line}: there is a preStop hook, which is over before lameduck hears of the stop: --chain keeps it so"
        )),
        (Mode::Hook, chain) if hook.has("exec") => (!chain).then(|| {
            format!(
                "line {line}: there is a preStop hook: --chain lets it run when lameduck has drained the server (by sh, in the same image)"
            )
        }),
        (Mode::Hook | Mode::Sidecar, _) => Some(format!(
            "line {line}: there is a preStop hook, a container has one only, and this one cannot be chained in mode {}: {}",
            options.mode.name(),
            "--mode entrypoint --chain can"
        )),
    }
}

fn command(pod: &Pod, options: &Options) -> Option<String> {
    let name = pod.container_name;
    match (options.mode, pod.command().is_empty(), options.command.is_empty()) {
        (Mode::Entrypoint, true, true) => Some(format!(
            "container {name} has no command, and what its image runs is not known here: give it with --command"
        )),
        (Mode::Entrypoint, false, false) => {
            Some(format!("container {name} has a command of its own: leave --command out"))
        }
        _ => None,
    }
}

fn port(pod: &Pod, options: &Options) -> Option<String> {
    if options.mode != Mode::Sidecar {
        return None;
    }
    let http = match http_port(options) {
        Ok(http) => http,
        Err(why) => return Some(why),
    };
    let ports = ports(pod, options);
    match ports[..] {
        [] => Some(format!("container {} names no port: give the server's with --port", pod.container_name)),
        _ if ports.contains(&http) => {
            Some(format!("port {http} is the sidecar's: give it another with --env LAMEDUCK_HTTP=[::]:9181"))
        }
        [_] => None,
        _ if options.ports.is_empty() => {
            let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
            Some(format!(
                "container {} has the ports {}: name the server's with --port",
                pod.container_name,
                ports.join(", ")
            ))
        }
        _ => None,
    }
}

fn host_network(pod: &Pod, options: &Options) -> Option<String> {
    let on_it = pod.of_spec(&["hostNetwork"]).and_then(Node::text) == Some("true");
    (on_it && options.mode == Mode::Sidecar).then(|| {
        "it is on the host's network (hostNetwork): the sidecar's port would be open on the node, to everybody. --mode hook or entrypoint \
         have none"
            .to_owned()
    })
}

/// Whether the grace period is long enough for what lameduck and the server may need.
fn time(pod: &Pod, options: &Options) -> Result<(), String> {
    let of = |name: &str, read: fn(&str) -> Result<Duration, String>, default: &str| {
        let here = if options.mode == Mode::Sidecar { None } else { pod.env(name) };
        let said = match here {
            Some(entry) => entry.get("value").and_then(Node::text),
            None => options.env(name),
        };
        let text = said.unwrap_or(default);
        read(text).map_err(|error| format!("{name}={text}: {error}"))
    };
    let grace = pod.grace_period()?;
    let timeout = of("LAMEDUCK_TIMEOUT", values::duration, values::TIMEOUT)?;
    let reserve = of("LAMEDUCK_RESERVE", values::duration, values::RESERVE)?;
    let lame_duck = of("LAMEDUCK_LAME_DUCK", values::duration, "0s")?;
    let propagation = of("LAMEDUCK_PROPAGATION", values::propagation, "0s")?.max(lame_duck);
    let told = humantime::format_duration;
    if Duration::from_secs(grace) < timeout + reserve {
        let needed = (timeout + reserve).as_secs_f64().ceil();
        return Err(format!(
            "terminationGracePeriodSeconds is {grace}, less than LAMEDUCK_TIMEOUT ({}) and LAMEDUCK_RESERVE ({}) together: raise it to {needed}, \
             or lower them with --env LAMEDUCK_TIMEOUT=...",
            told(timeout),
            told(reserve)
        ));
    }
    if propagation >= timeout {
        return Err(format!(
            "the server goes on for {} (LAMEDUCK_PROPAGATION, LAMEDUCK_LAME_DUCK), and LAMEDUCK_TIMEOUT is {}: raise that, and the grace period",
            told(propagation),
            told(timeout)
        ));
    }
    Ok(())
}

/// What has to be said about a pod that lameduck comes into.
pub fn notes(pod: &Pod, options: &Options) -> Vec<String> {
    let mut notes = Vec::new();
    let seccomp = ["securityContext", "seccompProfile", "type"];
    let profile = pod.of_container(&seccomp).or_else(|| pod.of_spec(&seccomp)).and_then(Node::text);
    if options.mode == Mode::Hook && profile == Some("RuntimeDefault") {
        notes.push(
            "the seccomp profile RuntimeDefault refuses pidfd_getfd: a hook cannot keep new connections away there and waits until \
             none comes. --mode entrypoint can"
                .to_owned(),
        );
    }
    if pod.of_spec(&["hostNetwork"]).and_then(Node::text) == Some("true") {
        notes.push(
            "it is on the host's network (hostNetwork): whether new connections still come is counted for the whole node there, so \
             the drain waits longer, up to its limits"
                .to_owned(),
        );
    }
    if options.with_rbac && options.mode != Mode::Sidecar && !pod.has_token() {
        notes.push(
            "automountServiceAccountToken is false: lameduck has no token, and the Role is of no use. --mode sidecar brings its own"
                .to_owned(),
        );
    }
    if options.mount == Mount::Image && options.mode != Mode::Sidecar {
        notes.push(
            "image volumes need Kubernetes 1.31 and their feature gate ImageVolume, or 1.35; some runtimes mount them noexec"
                .to_owned(),
        );
    }
    if options.mesh.is_none() && options.mode == Mode::Sidecar && has_istio(pod) {
        notes.push("it is in an Istio mesh: the kubelet's call of the sidecar needs --mesh istio".to_owned());
    }
    notes
}

fn has_istio(pod: &Pod) -> bool {
    let metadata = |key| pod.workload.template.get("metadata").and_then(|metadata| metadata.get(key));
    ["labels", "annotations"]
        .iter()
        .filter_map(|key| metadata(*key))
        .any(|map| map.get("sidecar.istio.io/inject").and_then(Node::text) == Some("true"))
}

/// The annotation by which a mesh's proxy leaves a port alone.
pub const fn excluding(mesh: Mesh) -> &'static str {
    match mesh {
        // istio.io/latest/docs/reference/config/annotations
        Mesh::Istio => "traffic.sidecar.istio.io/excludeInboundPorts",
        // linkerd.io/2/reference/proxy-configuration
        Mesh::Linkerd => "config.linkerd.io/skip-inbound-ports",
    }
}
