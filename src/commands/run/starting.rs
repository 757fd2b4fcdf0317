//! How the server is started: plainly, or so that its binds are announced. Decided, and said, before it runs.
use crate::capture::{self, Captured};
use crate::cli::{Capture, GateChoice, SocketArgs};
use crate::sockets::duplicate;
use crate::supervisor::{Child, Launch, SpawnError};
use tracing::{info, warn};

/// How the server is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Its listeners are bound by lameduck, or looked for at the stop, or not held.
    Plainly,
    /// It announces its binds, or does not start.
    Announced,
    /// It announces its binds where that can be had.
    AnnouncedIfPossible,
}

/// A server that runs, and the sockets that will be held for it.
pub type Started = (Child, Option<Captured>);

impl Way {
    /// What was asked for, and what this environment permits.
    ///
    /// # Errors
    /// When getfd was asked for and is refused.
    pub fn of(options: &SocketArgs) -> Result<Self, String> {
        let chosen = match options.capture {
            Capture::Bind => Some(Self::Announced),
            Capture::Listen | Capture::None => Some(Self::Plainly),
            Capture::Auto => (options.gate == GateChoice::None).then_some(Self::Plainly),
            Capture::Getfd => None,
        };
        let Err(error) = duplicate::permitted() else { return Ok(chosen.unwrap_or(Self::Plainly)) };
        if let Some(way) = chosen {
            info!(%error, "pidfd_getfd is refused here: open connections are left to the server");
            return Ok(way);
        }
        match options.capture {
            Capture::Getfd => Err(format!(
                "--capture getfd: pidfd_getfd is refused here ({error}); \
                 permit it in the seccomp profile, add CAP_SYS_PTRACE, or use --capture bind or --listen"
            )),
            _ if capture::costs_nothing() => {
                info!(%error, "pidfd_getfd is refused here: holding what the server binds; open connections are left to it");
                Ok(Self::AnnouncedIfPossible)
            }
            _ => {
                warn!(%error, "pidfd_getfd is refused here: only sockets of --listen can be gated (or try --capture bind), and open connections are left to the server");
                Ok(Self::Plainly)
            }
        }
    }

    /// Starts the server. The inner result is that of starting it.
    ///
    /// # Errors
    /// When its binds cannot be announced, and it was not to be started otherwise.
    pub fn start(self, launch: &Launch) -> Result<Result<Started, SpawnError>, String> {
        let plainly = || Child::spawn(launch).map(|child| (child, None));
        if self == Self::Plainly {
            return Ok(plainly());
        }
        let started = capture::announced(|installed| match installed {
            Ok(captured) => Ok(Child::spawn(launch).map(|child| (child, Some(captured)))),
            Err(error) if self == Self::Announced => Err(format!(
                "--capture bind: a seccomp filter that announces binds is refused here ({error}); \
                 use --capture getfd or --listen"
            )),
            Err(error) => {
                warn!(%error, "a seccomp filter that announces binds is refused here, too: only sockets of --listen can be gated");
                Ok(plainly())
            }
        });
        started.map_err(|error| format!("cannot start a thread: {error}; raise the limit of processes"))?
    }
}
