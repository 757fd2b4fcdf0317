//! `lameduck doctor`.
use super::HookArgs;
use clap::{Args, ValueEnum};

const NOTES: &str = "\
Each thing is tried for real, on sockets and processes of lameduck's own, and nothing is left behind. Of a server that is \
there for a hook a listener is duplicated for an instant (--way wait), or a socket bound beside it that never listens \
(--way sidecar). The options are those of `lameduck run` and of the hooks, and so are their variables: run it where the \
server runs, with the same options.

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

Examples:
  lameduck doctor
  lameduck doctor --way wait                             (in the server's container, while it is up)
  lameduck doctor --propagation cloud-lb --deadline 30s";

/// The options of `lameduck doctor`.
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// Which way of running lameduck is asked about
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
