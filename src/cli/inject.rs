//! `lameduck inject` and `lameduck uninject`.
use super::values;
use crate::inject::{Mesh, Mode, Mount, Options};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

const NOTES: &str = "\
Manifests in, manifests out: Deployments, StatefulSets, DaemonSets, ReplicaSets, ReplicationControllers and Pods, alone, as many documents \
or in a List, YAML or JSON of 16 MiB at most. All else comes out byte for byte: other kinds, comments, order, style. \
`lameduck uninject` is the exact inverse. What was injected before is taken away first: twice is once, and other options replace \
those of before.

  entrypoint  `lameduck run` in front of the container's command: the whole promise
  hook        `lameduck wait` as its preStop hook; needs pidfd_getfd, which RuntimeDefault refuses
  sidecar     `lameduck sidecar` beside it, asked by its preStop hook; image and command stay as they are

The image's entrypoint has to be lameduck, and the program at /lameduck in it, as deploy/Dockerfile makes it.

Exit status:
  0    done: the manifests are on the standard output
  1    one of them cannot be drained as asked; the reason is on the standard error
  2    the input cannot be read: malformed, empty, too long, a template
  125  lameduck itself could not do what was asked
Unless it is 0 nothing is written.

Examples:
  lameduck inject --mode hook --image registry.example/lameduck:1 -f deploy.yaml | kubectl apply -f -
  helm template web ./chart | lameduck inject --mode entrypoint --image IMAGE --workload deployment/web
  lameduck inject --mode sidecar --image IMAGE --diff -f deploy.yaml";

/// Put lameduck into Kubernetes manifests
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub struct InjectArgs {
    /// How lameduck drains the container
    #[arg(long, env = "LAMEDUCK_INJECT_MODE", value_enum, value_name = "MODE")]
    pub mode: ModeChoice,

    /// lameduck's image, by tag or digest
    #[arg(long, env = "LAMEDUCK_INJECT_IMAGE", value_name = "IMAGE", value_parser = image)]
    pub image: String,

    /// What to read, and how to show the result.
    #[command(flatten)]
    pub text: TextArgs,

    /// The workloads, the others being left alone: deployment/web, or web [default: all]
    #[arg(long = "workload", value_name = "[KIND/]NAME", value_delimiter = ',')]
    pub workloads: Vec<String>,

    /// The server's container; workloads without one of this name are left alone [default: the only one, or the one of
    /// kubectl.kubernetes.io/default-container]
    #[arg(long, value_name = "NAME")]
    pub container: Option<String>,

    /// The server's ports [default: all that it listens at; for a sidecar the container's only port]
    #[arg(long = "port", value_delimiter = ',', value_name = "PORT", value_parser = values::port)]
    pub ports: Vec<u16>,

    /// The server's command, in one argument, for a container without `command`: its image's ENTRYPOINT and CMD are not
    /// known here
    #[arg(long, value_name = "COMMAND", value_parser = command)]
    pub command: Option<Words>,

    /// How the program comes into the container: an init container copies it into an emptyDir, or its image is a volume
    #[arg(long, value_enum, value_name = "HOW", default_value = "copy")]
    pub mount: MountChoice,

    /// When the kubelet pulls the image [default: Always for the tag latest, else IfNotPresent]
    #[arg(long, value_name = "WHEN", value_parser = ["Always", "IfNotPresent", "Never"])]
    pub pull_policy: Option<String>,

    /// Keep a preStop hook that is there: before the drain in mode entrypoint, behind it in mode hook
    #[arg(long)]
    pub chain: bool,

    /// Add a Role and a RoleBinding for the pod's service account, so that lameduck sees when the pod is withdrawn
    #[arg(long)]
    pub with_rbac: bool,

    /// Let the mesh's proxy leave the sidecar's port alone, which the kubelet calls
    #[arg(long, value_enum, value_name = "MESH")]
    pub mesh: Option<MeshChoice>,

    /// A variable for lameduck, such as LAMEDUCK_TIMEOUT=40s: each option of run, wait and sidecar has one
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    pub env: Vec<(String, String)>,

    /// Requests of lameduck's own containers [default: cpu=10m,memory=32Mi; as the limits in a pod that is Guaranteed]
    #[arg(long, value_delimiter = ',', value_name = "RESOURCE=QUANTITY", value_parser = quantity)]
    pub requests: Vec<(String, String)>,

    /// Their limits [default: cpu=200m,memory=64Mi]
    #[arg(long, value_delimiter = ',', value_name = "RESOURCE=QUANTITY", value_parser = quantity)]
    pub limits: Vec<(String, String)>,
}

/// What to read, and how to show the result.
#[derive(Debug, Args)]
pub struct TextArgs {
    /// The manifests; - is the standard input
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub filename: PathBuf,

    /// Print a unified diff in place of the manifests
    #[arg(long)]
    pub diff: bool,
}

/// Take it out of them again
#[derive(Debug, Args)]
#[command(after_long_help = UNINJECT_NOTES)]
pub struct UninjectArgs {
    /// What to read, and how to show the result.
    #[command(flatten)]
    pub text: TextArgs,
}

const UNINJECT_NOTES: &str = "\
What `lameduck inject` has added is noted in the annotation lameduck.dev/injected. What somebody has added beside it since stays.

Exit status:
  0    done: the manifests are on the standard output
  1    a command no longer begins as it was made to
  2    the input cannot be read: malformed, empty, too long, a template
  125  lameduck itself could not do what was asked
Unless it is 0 nothing is written.

Example:
  kubectl get deployment web -o yaml | lameduck uninject | kubectl apply -f -";

/// A command's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(pub Vec<String>);

/// How lameduck drains the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeChoice {
    /// lameduck is the container's first process
    Entrypoint,
    /// lameduck is its preStop hook
    Hook,
    /// lameduck is in a container beside it
    Sidecar,
}

/// How the program comes into the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MountChoice {
    /// An init container copies it into an emptyDir
    Copy,
    /// The image is a volume: Kubernetes 1.35, or the feature gate `ImageVolume`; not every runtime lets it be executed
    Image,
}

/// The mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MeshChoice {
    /// traffic.sidecar.istio.io/excludeInboundPorts
    Istio,
    /// config.linkerd.io/skip-inbound-ports
    Linkerd,
}

impl InjectArgs {
    /// What is asked for.
    ///
    /// # Errors
    /// When two options contradict each other, with the way out.
    pub fn options(&self) -> Result<Options, String> {
        let refuse = |what: &str| Err(what.to_owned());
        if self.mode != ModeChoice::Entrypoint && self.command.is_some() {
            return refuse(
                "--command is for --mode entrypoint: the others leave the container's command as it is",
            );
        }
        if self.mode != ModeChoice::Sidecar && self.mesh.is_some() {
            return refuse(
                "--mesh is for --mode sidecar: nobody calls lameduck from outside of the pod in the others",
            );
        }
        if self.mode == ModeChoice::Sidecar && self.mount == MountChoice::Image {
            return refuse(
                "--mount image is for the modes entrypoint and hook: a sidecar is not in the server's container",
            );
        }
        Ok(Options {
            mode: match self.mode {
                ModeChoice::Entrypoint => Mode::Entrypoint,
                ModeChoice::Hook => Mode::Hook,
                ModeChoice::Sidecar => Mode::Sidecar,
            },
            image: self.image.clone(),
            pull_policy: self.pull_policy.clone(),
            mount: if self.mount == MountChoice::Image { Mount::Image } else { Mount::Copy },
            workloads: self.workloads.clone(),
            container: self.container.clone(),
            ports: self.ports.clone(),
            command: self.command.clone().map(|words| words.0).unwrap_or_default(),
            chain: self.chain,
            with_rbac: self.with_rbac,
            mesh: self.mesh.map(|mesh| if mesh == MeshChoice::Istio { Mesh::Istio } else { Mesh::Linkerd }),
            env: self.env.clone(),
            requests: self.requests.clone(),
            limits: self.limits.clone(),
        })
    }
}

fn image(text: &str) -> Result<String, String> {
    let is_one =
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:@[]".contains(c));
    is_one
        .then(|| text.to_owned())
        .ok_or_else(|| "an image is one such as registry.example/lameduck:1".to_owned())
}

fn command(text: &str) -> Result<Words, String> {
    let words = shlex::split(text).ok_or("a quote has no end")?;
    if words.is_empty() {
        return Err("a command is one such as 'gunicorn --bind 0.0.0.0:8000 app:app'".to_owned());
    }
    Ok(Words(words))
}

fn variable(text: &str) -> Result<(String, String), String> {
    let is_name = |name: &str| {
        name.starts_with("LAMEDUCK_") && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
    };
    match text.split_once('=') {
        Some((name, value)) if is_name(name) && !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a variable of lameduck's is one such as LAMEDUCK_TIMEOUT=40s".to_owned()),
    }
}

fn quantity(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((resource, quantity)) if !resource.is_empty() && !quantity.is_empty() => {
            Ok((resource.to_owned(), quantity.to_owned()))
        }
        _ => Err("a quantity of a resource is one such as memory=32Mi".to_owned()),
    }
}
