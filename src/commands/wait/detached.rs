//! The process that drains: it has nothing of the hook's but a pipe, and stays until the server is gone.
use super::target::Target;
use super::turn::{Turn, turn};
use crate::cli::WaitArgs;
use crate::commands::run::end::End;
use crate::commands::run::hooked::{Hooked, Told};
use crate::commands::run::supervision::Supervision;
use crate::supervisor::Signals;
use crate::telemetry;
use rustix::process::setsid;
use std::io;
use std::os::fd::AsFd;

/// Drains. Nobody asks how it ended: the hook was told.
pub fn main(args: &WaitArgs) {
    // A session leader already: then nobody's terminal is ours.
    let _ = setsid();
    if let Err(told) = drain(args) {
        // A hook that is gone need not know.
        let _ = serde_json::to_writer(io::stdout(), &told);
    }
}

fn drain(args: &WaitArgs) -> Result<(), Told> {
    let signals = Signals::block().map_err(|error| format!("cannot receive signals: {error}"))?;
    telemetry::start(args.hook.telemetry.log_format, args.hook.telemetry.log_level);
    let target = Target::of(args)?;
    let hook = rustix::stdio::stdout().as_fd().try_clone_to_owned();
    let hook = hook.map_err(|error| format!("cannot speak to the hook: {error}"))?;
    let turn = turn(target.main).map_err(|error| format!("cannot see the server: {error}"))?;
    let Some(Turn { draining, gated: _gated }) = turn else {
        // How that went, the other hook says.
        return Err(Told { status: 0, line: "another hook has drained this server".to_owned() });
    };
    let end = End::of(target.main).map_err(|error| format!("cannot watch the server: {error}"))?;
    let hooked = Hooked::new(end, hook, Some(draining));
    let supervision = Supervision::for_hook(target.whose, hooked, signals, &args.hook)?;
    // What the hook returns.
    let _ = supervision.run_for_hook();
    Ok(())
}
