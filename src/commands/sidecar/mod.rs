//! `lameduck sidecar`: a preStop hook by HTTP, in a container of its own beside the server's. The drain is that of `lameduck run`.
//!
//! It serves with one thread and sleeps in between; a drain is a thread of its own, one at a time, and whoever asks for one
//! while there is one waits for the same.
//!
//! | file | subject |
//! |---|---|
//! | `network` | where a call may come from |
//! | `guard` | which calls of /drain are permitted |
//! | `drains` | the drain that there is, if there is one |
//! | `routes` | what is asked, and what is answered |
//! | `metrics` | what Prometheus is told |
//! | `serving` | the sockets, and the end |
mod drains;
mod guard;
mod metrics;
mod network;
mod routes;
mod serving;

pub use network::Network;

use crate::cli::SidecarArgs;
use crate::commands::run::choosing;
use crate::telemetry;
use std::process::ExitCode;

/// Runs the verb.
///
/// # Errors
/// When it cannot listen, or an option is wrong.
pub fn main(args: SidecarArgs) -> Result<ExitCode, String> {
    args.check()?;
    telemetry::start(args.hook.telemetry.log_format, args.hook.telemetry.log_level);
    // What is asked for and cannot be had is told now, not in the hook.
    choosing::refuses(&args.hook.sockets, &args.hook.late_arrivals, choosing::in_kubernetes())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot wait for calls: {error}"))?;
    runtime.block_on(serving::serve(args))?;
    Ok(ExitCode::SUCCESS)
}
