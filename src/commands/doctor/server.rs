//! The server of a hook: it is there already. What of it could be had is tried, and undone at once.
use super::finding::Finding;
use crate::cli::WaitArgs;
use crate::commands::wait::target::Target;
use crate::sockets::diag::{Listening, SockDiag};
use crate::sockets::gate::{Group, Place};
use crate::sockets::owners::Owners;
use crate::sockets::{Address, Listener, Whose, discovery};
use nix::unistd::geteuid;
use procfs::process::Process;
use rustix::process::Pid;
use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;

const SUBJECT: &str = "server";

/// What could be had of it.
#[derive(Debug)]
pub struct Server {
    /// What is said.
    pub finding: Finding,
    /// Whether its listeners can be duplicated; `None`: there is none to be tried.
    pub is_held: Option<bool>,
    /// Whether its open connections can be.
    pub is_open: bool,
    /// Whether its group of listeners can be joined.
    pub is_joined: bool,
}

/// The server of `lameduck wait`: its listeners are duplicated, and let go.
pub fn of_wait(args: &WaitArgs) -> Server {
    let ports = &args.hook.sockets.ports;
    let found = Target::of(args).and_then(|target| Ok((target.main, listeners(&target.whose, ports)?)));
    let (main, listeners) = match found {
        Ok(found) => found,
        Err(reason) => {
            let advice = "try it in the server's own container while it is up (kubectl exec), or name the server (--pid)";
            let finding = Finding::weaker(SUBJECT, reason, advice);
            return Server { finding, is_held: None, is_open: true, is_joined: false };
        }
    };
    let (held, is_open) = duplicated(&listeners, Some(main));
    let tcp: Vec<&Listener> = listeners.iter().filter(|one| one.address.tcp().is_some()).collect();
    let is_joined = !tcp.is_empty()
        && tcp
            .iter()
            .all(|one| one.address.tcp().is_some_and(|address| joins(address, one.v6only, one.uid).is_ok()));
    let seen = format!("process {}, at {}", named(main), addresses(listeners.iter().map(|one| &one.address)));
    let finding = match (&held, is_open) {
        (Ok(()), true) => Finding::ok(SUBJECT, format!("{seen}: its listeners were duplicated, and let go")),
        (Ok(()), false) => Finding::weaker(
            SUBJECT,
            format!("{seen}: its listeners were duplicated, but some of its processes are another user's"),
            "run the hook as their user, or add CAP_SYS_PTRACE: open connections are out of reach",
        ),
        (Err(error), _) => Finding::missing(SUBJECT, format!("{seen}: {error}"), way_in(main)),
    };
    Server { finding, is_held: Some(held.is_ok()), is_open, is_joined }
}

/// Duplicates all of them, and lets go; and whether those who hold them can be seen into.
fn duplicated(listeners: &[Listener], main: Option<Pid>) -> (io::Result<()>, bool) {
    let holders = listeners.iter().flat_map(|listener| &listener.holders).map(|holder| holder.pid);
    let processes: HashSet<Pid> = holders.chain(main).collect();
    let mut owners = Owners::default();
    owners.find(&processes);
    let held = listeners.iter().try_for_each(|one| {
        if one.holders.is_empty() {
            // Found by its port alone.
            return Err(io::Error::from_raw_os_error(libc::EACCES));
        }
        owners.duplicate(one.inode).map(drop)
    });
    (held, !owners.some_are_hidden())
}

fn listeners(whose: &Whose, ports: &[u16]) -> Result<Vec<Listener>, String> {
    SockDiag::open()
        .and_then(|mut diag| discovery::discover(Some(&mut diag), whose, ports))
        .or_else(|_| discovery::discover(None, whose, ports))
        .map(|found| found.listeners)
        .map_err(|error| format!("cannot see who listens here: {error}"))
}

/// The server of `lameduck sidecar`: where its processes are seen its listeners are duplicated, and let go; else a socket is bound
/// beside each of them, and closed.
pub fn of_sidecar(ports: &[u16], refuses: bool) -> Server {
    let other = |finding, is_joined| Server { finding, is_held: Some(false), is_open: false, is_joined };
    if ports.is_empty() {
        let finding = Finding::missing(
            SUBJECT,
            "no port of it is named, and a sidecar knows it by nothing else",
            "name its ports: --port, LAMEDUCK_PORT",
        );
        return other(finding, false);
    }
    let found = match discovery::at(ports, &HashSet::new()) {
        Ok(found) if !found.is_empty() => found,
        found => {
            let reason = found
                .err()
                .map_or_else(|| "nobody listens at its ports".to_owned(), |error| error.to_string());
            return other(Finding::weaker(SUBJECT, reason, "try it in a pod whose app is up"), false);
        }
    };
    let addresses = found.iter().map(|one| one.address.to_string()).collect::<Vec<_>>().join(", ");
    let whose = Whose::beside(&found.iter().map(|one| one.inode).collect());
    if matches!(whose, Whose::Beside(_))
        && let Ok(listeners) = listeners(&whose, ports)
        && let (Ok(()), is_open) = duplicated(&listeners, None)
    {
        let finding =
            Finding::ok(SUBJECT, format!("at {addresses}: its listeners were duplicated, and let go"));
        return Server { finding, is_held: Some(true), is_open, is_joined: false };
    }
    if refuses {
        return other(
            Finding::ok(SUBJECT, format!("at {addresses}: its new connections can be refused")),
            false,
        );
    }
    let joined =
        found.iter().try_for_each(|Listening { address, v6only, uid, .. }| joins(*address, *v6only, *uid));
    let is_joined = joined.is_ok();
    let finding = match joined {
        Ok(()) => Finding::ok(SUBJECT, format!("at {addresses}: its group can be joined")),
        Err(error) => Finding::weaker(
            SUBJECT,
            format!("at {addresses}: {error}"),
            "let it set SO_REUSEPORT (gunicorn --reuse-port) and run the sidecar as its user, share the pod's processes with it \
             (shareProcessNamespace, and pidfd_getfd permitted), or add CAP_NET_ADMIN; else it drains without a gate",
        ),
    };
    other(finding, is_joined)
}

fn joins(address: SocketAddr, v6only: Option<bool>, uid: u32) -> Result<(), String> {
    let place = Place { address, v6only: v6only.unwrap_or(false), uid };
    Group::could_be_joined(place).map_err(|error| error.to_string())
}

fn addresses<'a>(of: impl Iterator<Item = &'a Address>) -> String {
    let mut names: Vec<String> = of.map(ToString::to_string).collect();
    names.dedup();
    names.join(", ")
}

fn named(process: Pid) -> String {
    let number = process.as_raw_nonzero();
    match Process::new(number.get()).and_then(|process| process.stat()) {
        Ok(stat) => format!("{number} ({})", stat.comm),
        Err(_) => number.to_string(),
    }
}

fn way_in(server: Pid) -> &'static str {
    let theirs = Process::new(server.as_raw_nonzero().get()).and_then(|process| process.uid());
    if theirs.is_ok_and(|uid| uid != geteuid().as_raw()) {
        return "run the hook as the server's user, or add CAP_SYS_PTRACE";
    }
    "permit pidfd_getfd in the seccomp profile (deploy/seccomp), add CAP_SYS_PTRACE, or let the server set SO_REUSEPORT; with \
     Yama: kernel.yama.ptrace_scope=0 on the node; or use `lameduck run`"
}
