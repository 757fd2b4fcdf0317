//! `lameduck wait`.
use super::HookArgs;
use clap::Args;

const NOTES: &str = "\
The server's own container calls it as its preStop hook: it keeps new work away from the server, waits until everybody \
is served, and returns; then the server gets its stop signal. What it does meanwhile is done by a process that stays until \
the server is gone, and ends with the container's first process at the latest. The log is the container's own.

It needs pidfd_getfd(2), and the server's user id: refused by the RuntimeDefault seccomp profile, and by Yama's \
ptrace_scope from 1 on; there the server's new connections cannot be kept away, and the hook says so (lameduck doctor --way wait).

A DURATION is a number with a unit (500ms, 25s, 2m, 1m 30s) or a bare number of seconds, a year at most. Where an \
option takes several values, they are given with commas or by repeating the option.

Exit status:
  0    everybody was served, and the server may be stopped
  1    time was over before that
  125  lameduck itself could not do what was asked: there is no server, or an option is wrong
Any but 0 shows in the pod's events as FailedPreStopHook; the server is stopped all the same.

Examples:
  lameduck wait
  lameduck wait --pid $MAINPID        (ExecStop= of a systemd service)";

/// Drain a server that somebody else has started, and return when it may be stopped: a preStop hook
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub struct WaitArgs {
    /// The server's first process; its descendants are the server too [default: all processes of this container]
    #[arg(long, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..), allow_hyphen_values = true)]
    pub pid: Option<i32>,

    /// The drain.
    #[command(flatten)]
    pub hook: HookArgs,

    /// The process that drains, and stays when the hook has returned.
    #[arg(long, hide = true)]
    pub detached: bool,
}
