//! Which server is to be drained.
use crate::cli::{SocketArgs, WaitArgs};
use crate::sockets::Whose;
use crate::sockets::diag::SockDiag;
use crate::sockets::discovery::{Discovery, discover};
use procfs::process::Process;
use rustix::process::Pid;

/// A server that somebody else has started.
#[derive(Debug)]
pub struct Target {
    /// Its processes.
    pub whose: Whose,
    /// The first of them: with it the server ends.
    pub main: Pid,
}

impl Target {
    /// Finds it.
    ///
    /// # Errors
    /// When there is none, or it cannot be seen.
    pub fn of(args: &WaitArgs) -> Result<Self, String> {
        let pid = args.pid.and_then(Pid::from_raw);
        let whose = pid.map_or(Whose::Container, Whose::Below);
        if let (Some(pid), Some(number)) = (pid, args.pid)
            && Process::new(number).is_err()
        {
            return Err(format!("--pid {}: there is no such process", pid.as_raw_nonzero()));
        }
        let found = SockDiag::open()
            .and_then(|mut diag| discover(Some(&mut diag), &whose, &args.hook.sockets.ports))
            .or_else(|_| discover(None, &whose, &args.hook.sockets.ports))
            .map_err(|error| format!("cannot see who listens here: {error}"))?;
        if found.listeners.is_empty() {
            return Err(nobody(&found, &args.hook.sockets));
        }
        let main = pid.or_else(|| first(&found)).ok_or_else(|| nobody(&found, &args.hook.sockets))?;
        Ok(Self { whose, main })
    }
}

/// Process 1, if it is one of them; else the one of those who hold a listener that was started first.
fn first(found: &Discovery) -> Option<Pid> {
    if found.processes.contains(&Pid::INIT) {
        return Some(Pid::INIT);
    }
    let holders = found.listeners.iter().flat_map(|listener| &listener.holders).map(|holder| holder.pid);
    // None may be seen: by user id, or by hidepid.
    let any = found.processes.iter().copied();
    oldest(holders).or_else(|| oldest(any))
}

/// The first process of this container, whether it is a server or not.
pub fn first_of_container() -> Option<Pid> {
    oldest(Whose::Container.processes().into_iter())
}

fn oldest(of: impl Iterator<Item = Pid>) -> Option<Pid> {
    let started =
        |pid: Pid| Process::new(pid.as_raw_nonzero().get()).ok()?.stat().ok().map(|stat| stat.starttime);
    of.filter_map(|pid| Some((started(pid)?, pid)))
        .min_by_key(|(started, pid)| (*started, pid.as_raw_nonzero()))
        .map(|(_, pid)| pid)
}

fn nobody(found: &Discovery, sockets: &SocketArgs) -> String {
    let ports = sockets.ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let at = if ports.is_empty() { String::new() } else { format!(" at port {ports}") };
    if found.processes.is_empty() {
        return "no process of this container is to be seen in /proc: is the hook in the server's own container?".to_owned();
    }
    if !found.unreadable.is_empty() {
        return format!(
            "cannot see whether the processes of this container listen{at}: they are another user's; run the hook as \
             the server's user, or name the ports with --port"
        );
    }
    format!(
        "no process of this container listens{at}: is the hook in the server's own container, and the server up? \
         (--pid names another server)"
    )
}
