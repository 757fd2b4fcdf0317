//! The whole command line, one file a verb. Options are parsed once, here, into plain values; the rooms
//! that use them never see a flag.
mod annotations;
mod doctor;
#[cfg(feature = "manifests")]
mod elsewhere;
mod hook;
#[cfg(feature = "inject")]
mod inject;
mod install;
#[cfg(any(test, fuzzing))]
pub(crate) mod readers;
mod run;
#[cfg(feature = "sidecar")]
mod sidecar;
#[cfg(feature = "trial")]
pub mod trial;
pub mod values;
mod wait;

pub use annotations::{AnnotationArgs, Taken, Wrong, parse};
pub use doctor::{DoctorArgs, DoctorWay};
#[cfg(feature = "manifests")]
pub use elsewhere::{Elsewhere, Said, said_here};
pub use run::{
    Capture, DrainArgs, GateChoice, LateArrivalArgs, ParkArgs, ParkChoice, RunArgs, SocketArgs,
    TelemetryArgs, Treatment,
};
#[cfg(feature = "kubernetes")]
pub use run::{Events, KubernetesArgs, OwnPod, Withdrawal};
#[cfg(feature = "trial")]
pub use trial::{TrialArgs, TrialServerArgs, Work};

pub use hook::HookArgs;
#[cfg(feature = "inject")]
pub use inject::{InjectArgs, TextArgs, UninjectArgs};
pub use install::InstallArgs;
#[cfg(feature = "sidecar")]
pub use sidecar::SidecarArgs;
pub use wait::WaitArgs;

use clap::{Command, CommandFactory, Parser, Subcommand};

/// A drain supervisor: starts a server, and when told to stop, lets nobody who already reached it go unanswered
#[derive(Debug, Parser)]
#[command(name = "lameduck", version, max_term_width = 100, after_help = NOTES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

const NOTES: &str = "\
Put `lameduck run` in front of your server's command; `lameduck run --help` tells the rest.

Exit status: 125 when lameduck itself could not do what was asked; all others are in each command's help.";

/// The verbs. Deferred: the options of a verb are made when it is the one that is given, because `run` has to start quickly.
/// What a verb does stands here, for the list, and at its options, for its own help.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
#[allow(clippy::large_enum_variant, reason = "only one is ever made")]
pub enum Verb {
    /// Run a server; on the stop signal drain it, then stop it
    Run(RunArgs),
    /// Drain a server that somebody else has started, and return when it may be stopped: a preStop hook
    Wait(Box<WaitArgs>),
    /// The same as a preStop hook by HTTP, from a container beside the server's
    #[cfg(feature = "sidecar")]
    Sidecar(Box<SidecarArgs>),
    /// See what this environment permits, and what can therefore be promised
    Doctor(Box<DoctorArgs>),
    /// Put lameduck into Kubernetes manifests
    #[cfg(feature = "inject")]
    Inject(Box<InjectArgs>),
    /// Take it out of them again
    #[cfg(feature = "inject")]
    Uninject(UninjectArgs),
    /// Copy this program into a directory: for an init container
    Install(InstallArgs),
    /// See it work: the same load and the same stop, plainly and under lameduck
    #[cfg(feature = "trial")]
    Trial(Box<TrialArgs>),
    /// The built-in server of `trial`
    #[cfg(feature = "trial")]
    #[command(hide = true)]
    TrialServer(TrialServerArgs),
}

/// The command line with the options of every verb.
#[must_use]
pub fn whole() -> Command {
    let mut all = Cli::command();
    all.build();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
