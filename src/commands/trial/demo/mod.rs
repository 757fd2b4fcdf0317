//! The built-in server, `lameduck trial-server`: pre-fork, as gunicorn's sync worker is, but with kept-alive connections.
//!
//! A master binds the listener and starts worker processes that share it. A worker answers one request at a time, and
//! keeps the connections that it has answered on: it reads them without blocking (`connection`), and takes turns between
//! them and the listener (`worker`). Told to stop, the master closes its copy of the listener and passes the signal on; a
//! worker finishes the request that it is on, and exits. What the kernel had queued is then reset, and so is a request
//! on a kept-alive connection that no worker has read: these are the losses which lameduck exists to prevent, so this
//! server must not prevent them.
mod connection;
mod master;
mod worker;

use crate::cli::TrialServerArgs;
use std::process::ExitCode;

/// The path that takes `--slow-work`.
pub const SLOW_PATH: &str = "/slow";

/// Runs the verb.
///
/// # Errors
/// When it cannot listen, or cannot start its workers.
pub fn main(args: &TrialServerArgs) -> Result<ExitCode, String> {
    let served = match args.worker_of {
        Some(master) => worker::serve(master, args.work),
        None => master::serve(args),
    };
    served.map(|()| ExitCode::SUCCESS).map_err(|error| format!("trial-server: {error}"))
}
