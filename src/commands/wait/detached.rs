//! The process that drains: it has nothing of the hook's but a pipe, and stays until the server is gone.
use super::target::Target;
use super::turn::{Turn, turn};
use crate::cli::WaitArgs;
use crate::commands::run::choosing;
use crate::commands::run::cluster::Cluster;
use crate::commands::run::gatekeeper::Gatekeeper;
use crate::commands::run::hooked::{Hooked, Told};
use crate::commands::run::parking::Parking;
use crate::commands::run::server::Server;
use crate::commands::run::supervision::Supervision;
use crate::supervisor::{Routing, Signal, Signals};
use crate::telemetry;
use rustix::process::setsid;
use std::io;
use std::os::fd::AsFd;

/// Drains. Nobody asks how it ended: the hook was told.
pub fn main(args: WaitArgs) {
    // A session leader already: then nobody's terminal is ours.
    let _ = setsid();
    if let Err(told) = drain(args) {
        // A hook that is gone need not know.
        let _ = serde_json::to_writer(io::stdout(), &told);
    }
}

fn drain(args: WaitArgs) -> Result<(), Told> {
    let signals = Signals::block().map_err(|error| format!("cannot receive signals: {error}"))?;
    telemetry::start(args.telemetry.log_format, args.telemetry.log_level);
    let target = Target::of(&args)?;
    let hook = rustix::stdio::stdout().as_fd().try_clone_to_owned();
    let hook = hook.map_err(|error| format!("cannot speak to the hook: {error}"))?;
    let turn = turn(target.main).map_err(|error| format!("cannot see the server: {error}"))?;
    let Some(Turn { draining, gated: _gated }) = turn else {
        // How that went, the other hook says.
        return Err(Told { status: 0, line: "another hook has drained this server".to_owned() });
    };
    let hooked = Hooked::new(target.main, hook, draining)
        .map_err(|error| format!("cannot watch the server: {error}"))?;
    let in_kubernetes = choosing::in_kubernetes();
    let refuses = choosing::refuses(&args.sockets, &args.late_arrivals, in_kubernetes)?;
    let policy = args.drain.policy(in_kubernetes, Some(args.release_after));
    let gatekeeper = Gatekeeper::new(
        target.whose,
        &args.sockets,
        refuses,
        Vec::new(),
        None,
        args.late_arrivals.settings(policy.silent_grace),
    );
    let parking = Parking::new(target.whose, &args.park, policy.silent_grace);
    let routing = Routing::new(vec![Signal::TERM], Vec::new());
    let server = Server::Hooked(hooked);
    let cluster = Cluster::of_hook(&args, in_kubernetes);
    let supervision = Supervision::new(signals, routing, server, policy, gatekeeper, parking, args.telemetry);
    // What the hook returns.
    let _ = supervision.asking(cluster).run_for_hook();
    Ok(())
}
