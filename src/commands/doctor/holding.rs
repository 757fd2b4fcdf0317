//! How the server's sockets can be held: taken from it (getfd), or made for it (bind).
use super::finding::Finding;
use super::patient::{self, NOBODY, Patient};
use crate::capture;
use crate::sockets::owners::Owners;
use rustix::net::{AddressFamily, SocketType, bind, listen, socket};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// What to do where it is refused.
pub const PERMIT: &str = "permit pidfd_getfd in the seccomp profile (deploy/seccomp), or add CAP_SYS_PTRACE; else capture by \
                      bind serves new connections: allowPrivilegeEscalation: false, or --capture bind";

/// Whether the descriptors of a process that we start can be found and duplicated.
pub fn by_getfd() -> Finding {
    const SUBJECT: &str = "pidfd_getfd";
    match taken_from(None) {
        Ok(()) => Finding::ok(SUBJECT, "a listener of a child of ours was found in /proc and duplicated"),
        Err(error) => Finding::missing(SUBJECT, format!("a listener of a child of ours: {error}"), PERMIT),
    }
}

/// The same of a process of another user, as of a server that drops its privileges; `None`: there can be none.
pub fn of_another_user() -> Option<Finding> {
    const SUBJECT: &str = "another user's server";
    if !patient::can_be_another_user() {
        return None;
    }
    Some(match taken_from(Some(NOBODY)) {
        Ok(()) => Finding::ok(SUBJECT, format!("so was one of a child of user {NOBODY}")),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Finding::weaker(
            SUBJECT,
            format!("a child of user {NOBODY}: {error}"),
            "run lameduck as the user that the server runs as, or add CAP_SYS_PTRACE",
        ),
        Err(error) => Finding::weaker(
            SUBJECT,
            format!("cannot be tried: {error}"),
            "run lameduck as the user that the server runs as",
        ),
    })
}

fn taken_from(uid: Option<u32>) -> io::Result<()> {
    let patient = Patient::start(uid)?;
    let mut owners = Owners::default();
    owners.find(&[patient.pid()]);
    if owners.some_are_hidden() {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "its /proc/PID/fd may not be read (Permission denied)",
        ));
    }
    owners.duplicate(patient.inode).map(drop)
}

/// Whether a bind can be announced to us and answered with a socket of ours.
pub fn by_bind() -> Finding {
    const SUBJECT: &str = "seccomp notification";
    let advice = "permit the seccomp system call and run under no other seccomp listener";
    let held = capture::announced(|installed| {
        let captured = installed?;
        // Port 0 is not announced; that of a neighbouring address is free all but certainly.
        let neighbour = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 2), neighbour.local_addr()?.port()));
        let ours = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        bind(&ours, &address)?;
        listen(&ours, 1)?;
        Ok(captured.listening().len() == 1)
    });
    match held.unwrap_or_else(Err::<bool, io::Error>) {
        Ok(true) => Finding::ok(SUBJECT, "a bind of ours was announced, and the socket held"),
        Ok(false) => Finding::missing(
            SUBJECT,
            "a bind of ours was announced, and the socket could not be held",
            advice,
        ),
        Err(error) => Finding::missing(SUBJECT, format!("a filter that announces binds: {error}"), advice),
    }
}
