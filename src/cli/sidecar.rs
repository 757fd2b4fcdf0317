//! `lameduck sidecar`.
use super::HookArgs;
use super::values;
use crate::commands::sidecar::Network;
use clap::Args;
use std::net::SocketAddr;

const NOTES: &str = "\
A container beside the server's, which shares the pod's network with it. The kubelet asks it as the server's preStop hook \
(httpGet /drain), and it answers when everybody is served.

  /drain    drains, and answers then: 200 everybody was served, 504 time was over, 500 it could not be done
  /readyz   200 while the server listens and is not drained, else 503: as the sidecar's readiness probe it withdraws the pod
  /healthz  200
  /metrics  for Prometheus

A call of /drain that is not permitted (--token, --allow) is not answered: its connection is closed, which the kubelet tells as \
FailedPreStopHook, where it would pass over any status.

New connections are kept away by --gate refuse (CAP_NET_ADMIN); under the server's user id where its processes are seen \
(shareProcessNamespace), and then new requests on open connections, too; under its user id by joining the group of a server that has \
set SO_REUSEPORT; else the drain waits until nobody comes any more (--settle), and says so.

A DURATION is a number with a unit (500ms, 25s, 2m, 1m 30s) or a bare number of seconds, a year at most. Where an \
option takes several values, they are given with commas or by repeating the option.

Exit status:
  0    told to stop by TERM or INT
  125  lameduck itself could not do what was asked";

/// The same as a preStop hook by HTTP, from a container beside the server's
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub struct SidecarArgs {
    /// Where to listen for the kubelet
    #[arg(long, env = "LAMEDUCK_HTTP", default_value = values::HTTP, help_heading = "Hook")]
    #[arg(value_name = "IP:PORT", value_parser = values::socket_address, allow_hyphen_values = true)]
    pub http: SocketAddr,

    /// What a call of /drain must have as its header X-Lameduck-Token: no secret, but a guard against accidents [default:
    /// nothing]
    #[arg(long, env = "LAMEDUCK_TOKEN", value_name = "TOKEN", help_heading = "Hook")]
    pub token: Option<String>,

    /// Where a call of /drain may come from [default: anywhere]
    #[arg(
        long = "allow",
        env = "LAMEDUCK_ALLOW",
        value_name = "IP[/BITS]",
        value_delimiter = ',',
        help_heading = "Hook"
    )]
    pub allow: Vec<Network>,

    /// The drain.
    #[command(flatten)]
    pub hook: HookArgs,
}

impl SidecarArgs {
    /// What cannot be meant together.
    ///
    /// # Errors
    /// The contradiction, and the way out of it.
    pub fn check(&self) -> Result<(), String> {
        if self.hook.sockets.ports.is_empty() {
            return Err("--port is needed: a sidecar knows by nothing else which listeners are the server's"
                .to_owned());
        }
        // Nobody is guarded by a variable that was not filled in.
        if self.token.as_deref() == Some("") {
            return Err("--token is empty: leave it out, or give what the kubelet's call has as its header X-Lameduck-Token"
                .to_owned());
        }
        if self.hook.sockets.ports.contains(&self.http.port()) {
            return Err(format!("--http {} and --port {} are one port", self.http, self.http.port()));
        }
        self.hook.check()
    }
}
