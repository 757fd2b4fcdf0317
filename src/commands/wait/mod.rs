//! `lameduck wait`: a preStop hook. The drain is that of `lameduck run`.
//!
//! The hook has to return before the server gets its stop signal, and the gate has to stay closed until the server is gone.
//! So there are two processes: the hook, and one that it starts and that stays. Whoever waits for the hook waits for all that
//! have its standard streams, so the other has none of them. It is adopted by the server when the hook has returned, and may
//! be taken for one of its workers: it ends with status 0, whatever happens.
//!
//! | file | subject |
//! |---|---|
//! | `hook` | the process that was called: starts the other, and waits for its word |
//! | `detached` | the process that drains |
//! | `target` | which server |
//! | `turn` | one hook drains, others wait for it |
mod detached;
mod hook;
pub mod target;
mod turn;

use crate::cli::WaitArgs;
use std::process::ExitCode;

/// Runs the verb.
///
/// # Errors
/// When the hook cannot do what was asked.
pub fn main(args: &WaitArgs) -> Result<ExitCode, String> {
    if args.detached {
        // A panic has been told; its status would be 101, and the next program's may be gunicorn's own.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| detached::main(args)));
        return Ok(ExitCode::SUCCESS);
    }
    args.hook.check()?;
    hook::main(args)
}
