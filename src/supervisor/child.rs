//! The running command, and every other process that becomes our child.
use super::failure::SpawnError;
use super::signal::Signal;
use super::spawn::{self, Launch};
use super::status::Status;
use super::{successor, sys, terminal};
use clap::ValueEnum;
use rustix::process::{Pid, WaitOptions, WaitStatus, getpid, set_child_subreaper, wait};
use std::io;

/// The command that lameduck runs: the server.
///
/// A process id can be used again only after it was reaped, and reaping is done here alone, so a signal never
/// hits a stranger: [`Child::send`] does nothing once [`Child::reap`] has seen the end.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    /// Its process group's; a successor is in it, too.
    group: Pid,
    foreground: bool,
    forward_to: ForwardTo,
    status: Option<Status>,
    /// It has taken the place of another since we were last asked.
    is_new: bool,
}

/// Who gets what the server is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ForwardTo {
    /// The command's own process, which tells its others
    #[default]
    Child,
    /// Every process of its group: for a shell that tells nobody
    Group,
}

/// Makes us the parent of whatever our descendants leave behind. PID 1 is that already.
///
/// # Errors
/// When the kernel does not permit it: orphans then go to the next init above.
pub fn adopt_orphans() -> io::Result<()> {
    let own = getpid();
    if !own.is_init() {
        set_child_subreaper(Some(own))?;
    }
    Ok(())
}

impl Child {
    /// Starts the command: in its own process group (in the foreground, if the terminal is ours), with those
    /// signals blocked and ignored that were when we were started, and with no descriptor but those that were
    /// inherited and the listeners. Returns when it runs.
    ///
    /// # Errors
    /// When it does not: with the cause and the exit status that tells it.
    pub fn spawn(launch: &Launch) -> Result<Self, SpawnError> {
        let spawned = spawn::spawn(launch)?;
        Ok(Self {
            pid: spawned.pid,
            group: spawned.pid,
            foreground: spawned.foreground,
            forward_to: ForwardTo::Child,
            status: None,
            is_new: false,
        })
    }

    /// The same, and these get its signals.
    #[must_use]
    pub fn forwarding_to(self, forward_to: ForwardTo) -> Self {
        Self { forward_to, ..self }
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// How it ended, if it has.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.status
    }

    /// Sends a signal to it, or to its whole group; does nothing when it has ended.
    ///
    /// # Errors
    /// Those of kill(2): EPERM when it runs as another user and we may not signal that one (nobody of the group).
    pub fn send(&self, signal: Signal) -> io::Result<()> {
        if self.status.is_some() {
            return Ok(());
        }
        // The shell's `fg` gave the terminal back to us.
        if self.foreground && signal == Signal::CONT && terminal::is_ours() {
            terminal::give_to(self.group);
        }
        if self.forward_to == ForwardTo::Group {
            match sys::kill_group(self.group, signal) {
                // It has gone to another group, as a shell with job control may: its own process is left.
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
                outcome => return outcome,
            }
        }
        sys::kill(self.pid, signal)
    }

    /// Reaps every child and orphan that has ended: to be called at each CHLD, since the kernel makes several
    /// into one. Returns how the command ended, if it has. One that has left its place to a successor goes on as that.
    pub fn reap(&mut self) -> Option<Status> {
        let some_are_left = loop {
            let (pid, change) = match wait(WaitOptions::NOHANG | WaitOptions::UNTRACED) {
                Ok(Some(changed)) => changed,
                Ok(None) => break true,
                // ECHILD, there is no child left; EINTR cannot be, all signals are blocked.
                Err(_) => break false,
            };
            match Status::of(change) {
                Some(status) if pid == self.pid => self.status = Some(status),
                Some(status) => tracing::debug!(pid = pid.as_raw_nonzero().get(), "an orphan {status}"),
                None if pid == self.pid && self.foreground && by_terminal(change) => terminal::stop_too(),
                None => {}
            }
        };
        // A child of ours like the first: until it is reaped here, its process id is nobody else's.
        if let Some(status) = self.status.filter(|_| some_are_left)
            && let Some(successor) = successor::of(self.pid)
        {
            let (ended, pid) = (self.pid.as_raw_nonzero(), successor.as_raw_nonzero());
            tracing::info!(%pid, "the server's process {ended} {status}: its successor is the server now");
            (self.pid, self.status, self.is_new) = (successor, None, true);
        }
        self.status
    }

    /// Whether another process has taken the command's place since this was last asked.
    pub fn is_new(&mut self) -> bool {
        std::mem::take(&mut self.is_new)
    }
}

/// Whether it is a stop from the keyboard, or for using the terminal in the background.
fn by_terminal(change: WaitStatus) -> bool {
    matches!(change.stopping_signal(), Some(libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU))
}
