//! `lameduck doctor`.
use super::HookArgs;
use clap::{Args, ValueEnum};

const NOTES: &str = "\
Each thing is tried for real, on sockets and processes of lameduck's own, and nothing is left behind. Of a server that is \
there for a hook a listener is duplicated for an instant (--way wait), or a socket bound beside it that never listens \
(--way sidecar). The options are those of `lameduck run` and of the hooks, and so are their variables: run it where the \
server runs, with the same options.

With --filename or KIND/NAME nothing is tried: manifests are read, or objects of a cluster (by kubectl, $KUBECTL or the one in PATH; in a \
pod without it by the service account), with what belongs to them (Services, Ingresses, autoscalers, Roles), and it is said what they make \
of a drain, what weighs most first. Pods with lameduck in them are examined with the options that their command, annotations and variables \
have, and pods without with those that are given here; what manifests leave open (--propagation, of whoever sends them traffic) may be \
given here, too. Nothing is changed.

In Kubernetes the API server is asked what the service account may do, for the endpoints of this pod, and, where it may be \
read, for the pod: within 10 s.

A DURATION is a number with a unit (500ms, 25s, 2m, 1m 30s) or a bare number of seconds, a year at most.

Exit status:
  0    the whole promise can be kept here
  1    a weaker one: what is queued or what is on open connections may be lost
  2    nothing can be drained here
  125  lameduck itself could not do what was asked
Of the lines those count that say what can be seen, held, kept away and parked; what another one says is to be set, and \
leaves the promise as it is.
Of manifests and objects:
  0    nothing is to be set
  1    a line says weaker or missing
  2    they cannot be read: malformed, empty, too long, a template, not there, not permitted; nothing is on the standard output
  125  lameduck itself could not do what was asked

Examples:
  lameduck doctor
  lameduck doctor --way wait                             (in the server's container, while it is up)
  lameduck doctor --propagation cloud-lb --deadline 30s
  helm template web ./chart | lameduck doctor -f -
  lameduck doctor --namespace shop deployment/web";

/// See what this environment permits, and what can therefore be promised
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// The object of the cluster that is examined, such as deployment/web; with --filename those in it [default: this environment; with
    /// --filename all that have pods]
    #[cfg(feature = "manifests")]
    #[arg(value_name = "KIND/NAME", value_parser = object)]
    pub objects: Vec<String>,

    /// The manifests that are examined; - is the standard input
    #[cfg(feature = "manifests")]
    #[arg(short, long, value_name = "FILE", help_heading = "Manifests")]
    pub filename: Option<std::path::PathBuf>,

    /// The objects' namespace [default: that of kubectl's context, or of this pod]
    #[cfg(feature = "manifests")]
    #[arg(short, long, value_name = "NAME", help_heading = "Manifests")]
    pub namespace: Option<String>,

    /// The server's container [default: the one with lameduck, or that of kubectl.kubernetes.io/default-container, or the first]
    #[cfg(feature = "manifests")]
    #[arg(short, long, value_name = "NAME", help_heading = "Manifests")]
    pub container: Option<String>,

    /// Which way of running lameduck is asked about; a manifest with lameduck in it tells
    #[arg(long, value_name = "VERB", value_enum, default_value = "run")]
    pub way: DoctorWay,

    /// The server's first process, as for `lameduck wait` [default: all processes of this container]
    #[arg(long, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..), allow_hyphen_values = true)]
    pub pid: Option<i32>,

    /// The process that is looked at by another one of ours: it holds a listener until its standard input ends.
    #[arg(long, hide = true)]
    pub patient: bool,

    /// The process of ours that looks at the one which has started it, and holds the listener of this inode.
    #[arg(long, hide = true, value_name = "INODE")]
    pub reach: Option<u64>,

    /// The drain that is asked about.
    #[command(flatten)]
    pub hook: HookArgs,
}

/// Kinds that have pods, and what kubectl calls them, too.
#[cfg(feature = "manifests")]
const KINDS: [(&str, &[&str]); 6] = [
    ("deployment", &["deployments", "deploy"]),
    ("statefulset", &["statefulsets", "sts"]),
    ("daemonset", &["daemonsets", "ds"]),
    ("replicaset", &["replicasets", "rs"]),
    ("replicationcontroller", &["replicationcontrollers", "rc"]),
    ("pod", &["pods", "po"]),
];

/// Kind and name of an object, the kind in lower case and whole.
#[cfg(feature = "manifests")]
fn object(text: &str) -> Result<String, String> {
    let (kind, name) = text.split_once('/').unwrap_or((text, ""));
    let kind = kind.to_lowercase();
    let known = KINDS.iter().find(|(whole, others)| *whole == kind || others.contains(&kind.as_str()));
    match known {
        Some((whole, _)) if !name.is_empty() && !name.contains('/') => Ok(format!("{whole}/{name}")),
        Some(_) => Err("name one, such as deployment/web".to_owned()),
        None => {
            let kinds: Vec<&str> = KINDS.iter().map(|(whole, _)| *whole).collect();
            Err(format!(
                "an object is one such as deployment/web; kinds that have pods are {}",
                kinds.join(", ")
            ))
        }
    }
}

/// A way of running lameduck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DoctorWay {
    /// `lameduck run`: it starts the server
    Run,
    /// `lameduck wait`: a preStop exec hook in the server's container
    Wait,
    /// `lameduck sidecar`: a preStop httpGet hook in a container beside it
    Sidecar,
}
