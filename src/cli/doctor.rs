//! `lameduck doctor`.
use super::{LateArrivalArgs, ParkArgs, SocketArgs};
use clap::Args;

const NOTES: &str = "\
Each thing is tried for real, on sockets and processes of lameduck's own, and nothing is left behind. The options are \
those of `lameduck run` and so are their variables: run it where the server runs, with the same options.

Exit status:
  0    the whole promise can be kept here
  1    a weaker one: what is queued or what is on open connections may be lost
  2    nothing can be drained here
  125  lameduck itself could not do what was asked";

/// The options of `lameduck doctor`.
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// The process that is looked at by another one of ours: it holds a listener until its standard input ends.
    #[arg(long, hide = true)]
    pub patient: bool,

    /// Which sockets, and how new connections are kept away from them.
    #[command(flatten)]
    pub sockets: SocketArgs,

    /// Whether and when new requests on open connections are kept away.
    #[command(flatten)]
    pub park: ParkArgs,

    /// What becomes of whoever comes too late for the server.
    #[command(flatten)]
    pub late_arrivals: LateArrivalArgs,
}
