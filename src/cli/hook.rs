//! What the hooks have in common (`wait`, `sidecar`): they drain a server that somebody else has started.
use super::run::{Capture, DrainArgs, LateArrivalArgs, ParkArgs, SocketArgs, TelemetryArgs};
use super::{AnnotationArgs, values};
use crate::commands::run::choosing::in_kubernetes;
use crate::commands::run::cluster::Cluster;
use clap::Args;
use std::time::Duration;

/// The options of a hook's drain.
#[derive(Debug, Clone, Args)]
pub struct HookArgs {
    /// The limits of the drain.
    #[command(flatten)]
    pub drain: DrainArgs,

    /// How long after the hook has returned a server that nobody stops gets its new connections again
    #[arg(long, env = "LAMEDUCK_RELEASE_AFTER", default_value = "30s", help_heading = "Drain")]
    #[arg(value_name = "DURATION", value_parser = values::duration, allow_hyphen_values = true)]
    pub release_after: Duration,

    /// Which sockets, and how new connections are kept away from them.
    #[command(flatten)]
    pub sockets: SocketArgs,

    /// Whether and when new requests on open connections are kept away.
    #[command(flatten)]
    pub park: ParkArgs,

    /// What becomes of whoever comes too late for the server.
    #[command(flatten)]
    pub late_arrivals: LateArrivalArgs,

    /// What is asked of the API server at the stop.
    #[cfg(feature = "kubernetes")]
    #[command(flatten)]
    pub kubernetes: super::run::KubernetesArgs,

    /// Where this pod's annotations are.
    #[command(flatten)]
    pub annotations: AnnotationArgs,

    /// What is said about it.
    #[command(flatten)]
    pub telemetry: TelemetryArgs,
}

impl HookArgs {
    /// What cannot be meant together.
    ///
    /// # Errors
    /// The contradiction, and the way out of it.
    pub fn check(&self) -> Result<(), String> {
        let asked = if !self.sockets.listen.is_empty() {
            "--listen"
        } else if matches!(self.sockets.capture, Capture::Bind | Capture::Listen) {
            "--capture bind or listen"
        } else {
            self.sockets.check()?;
            return self
                .late_arrivals
                .check(&self.sockets, Cluster::of_hook(self, in_kubernetes()).finds_fellows());
        };
        Err(format!("{asked} needs a server that lameduck starts: use `lameduck run`, or leave it out"))
    }
}
