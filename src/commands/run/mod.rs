//! `lameduck run`: the loop that drives supervisor, drain and gate.
//!
//! | file | subject |
//! |---|---|
//! | `server` | the server: our child, or that of somebody whose hook we are |
//! | `hooked` | what is different for a hook: it returns when everybody is served |
//! | `end` | what the server of a hook ends with |
//! | `starting` | how the server is started, so that its listeners can be held |
//! | `supervision` | the loop: signals and looks in, the drain's actions out |
//! | `signals` | what a signal is to the drain |
//! | `actions` | what the drain wants done |
//! | `looking`, `pace` | what is looked at when, and at what cost |
//! | `cluster` | what Kubernetes tells of the stop; `no_cluster` where lameduck was built without |
//! | `announcing` | how it went, told in Events |
//! | `listeners/` | what the server listens on: found again and again, and held |
//! | `choosing` | which gate a listener gets: refuse or divert |
//! | `gatekeeper` | the gate: formed, closed, kept up while the server's processes come and go |
//! | `turning_away` | a listener that speaks TLS: late arrivals passed on to the server, new connections turned away |
//! | `path_gates` | the same for unix listeners |
//! | `desk` | whom the gate's desk is given |
//! | `parking/` | new requests on open connections: kept unread, taken, answered; what is at rest held across the forward |
//! | `ending` | the server has ended: who it left is saved, and all is closed and reported |
//! | `closing` | the rest is answered, the plug set, our own sockets closed |
//! | `telling` | what is told of the gate, as a whole and of each socket |
//! | `reporting` | the closing line and the report file |
//! | `termination_message` | what Kubernetes shows of it |
mod actions;
#[cfg(feature = "kubernetes")]
mod announcing;
pub mod choosing;
mod closing;
#[cfg(feature = "kubernetes")]
pub mod cluster;
#[cfg(not(feature = "kubernetes"))]
#[path = "no_cluster.rs"]
pub mod cluster;
mod desk;
pub mod end;
mod ending;
pub mod gatekeeper;
pub mod hooked;
mod listeners;
mod looking;
mod pace;
pub mod parking;
mod path_gates;
mod reporting;
pub mod server;
mod signals;
pub mod starting;
pub mod supervision;
mod telling;
pub mod termination_message;
mod turning_away;

use crate::cli::RunArgs;
use crate::sockets::{Whose, listen};
use crate::supervisor::{ExitCodes, Launch, Parent, Routing, Signals, adopt_orphans, stop_signal_hint};
use crate::telemetry;
use cluster::Cluster;
use gatekeeper::Gatekeeper;
use parking::Parking;
use server::Server;
use starting::Way;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use supervision::Supervision;
use tracing::{info, warn};

/// Runs the verb.
///
/// # Errors
/// When lameduck itself cannot do what was asked, before the server is started.
pub fn main(args: RunArgs) -> Result<ExitCode, String> {
    let parent = Parent::at_start();
    // First: until then the kernel drops a stop signal to PID 1.
    let signals = Signals::block().map_err(|error| format!("cannot receive signals: {error}"))?;
    telemetry::start(args.telemetry.log_format, args.telemetry.log_level);
    if let Some(signal) = args.parent_death_signal {
        parent.tell_its_end_by(signal).map_err(|error| format!("--parent-death-signal {signal}: {error}"))?;
    }
    args.sockets.check()?;
    let in_kubernetes = choosing::in_kubernetes();
    let cluster = Cluster::of(&args, in_kubernetes);
    args.late_arrivals.check(&args.sockets, cluster.finds_fellows())?;
    let way = Way::of(&args.sockets)?;
    let refuses = choosing::refuses(&args.sockets, &args.late_arrivals, in_kubernetes)?;
    choosing::joins(&args.sockets)?;
    let listened =
        args.sockets.listen.iter().map(|address| listen::at(*address)).collect::<Result<Vec<_>, _>>()?;
    let listeners = listened.iter().map(OwnedFd::try_clone).collect::<Result<Vec<_>, _>>();
    let listeners = listeners.map_err(|error| format!("cannot pass the sockets of --listen on: {error}"))?;

    let routing = Routing::new(args.stop_signals, args.forward_signals);
    let hint = stop_signal_hint(&args.command, &routing);

    // Before the server, whose first act may be to leave one.
    if let Err(error) = adopt_orphans() {
        warn!(%error, "cannot adopt orphans: the init above has to, and servers that daemonize are not followed");
    }
    let (child, captured) = match way.start(&Launch { command: args.command, listeners })? {
        Ok(started) => started,
        Err(error) => {
            telemetry::say(&error);
            return Ok(error.code().into());
        }
    };
    // From here on nothing may end us but the server's end: trouble is a warning.
    choosing::settles(&args.drain, in_kubernetes);
    let policy = args.drain.policy(in_kubernetes, args.kill_after);
    let gatekeeper = Gatekeeper::new(
        Whose::Ours,
        &args.sockets,
        refuses,
        listened,
        captured,
        args.late_arrivals.settings(policy.silent_grace),
    );
    let parking = Parking::new(Whose::Ours, &args.park, policy.silent_grace);
    if let Some(hint) = hint {
        info!("{hint}");
    }
    let server = Server::Child(child.forwarding_to(args.forward_to));
    let supervision = Supervision::new(signals, routing, server, policy, gatekeeper, parking, args.telemetry);
    Ok(supervision.asking(cluster).telling(ExitCodes::new(args.exit_codes)).run().into())
}
