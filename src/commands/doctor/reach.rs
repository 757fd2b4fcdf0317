//! Whether a descriptor can be taken from a process that is not below us, as the server of a hook is not: a process of ours
//! takes one from the one that has started it.
use super::finding::Finding;
use crate::sockets::owners::Owners;
use crate::sockets::{Listener, listen};
use rustix::process::getppid;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, ExitCode, Stdio};

const PERMIT: &str = "permit pidfd_getfd in the seccomp profile (deploy/seccomp), or add CAP_SYS_PTRACE; with Yama: \
                      kernel.yama.ptrace_scope=0 on the node; else use `lameduck run`";

/// What the other process ends with, where it is told no error: it could do it.
const TAKEN: u8 = 0;
/// Where it has no number for the error.
const UNKNOWN: u8 = 255;

/// Has it tried.
pub fn by_getfd() -> Finding {
    const SUBJECT: &str = "pidfd_getfd";
    match tried() {
        Ok(()) => Finding::ok(SUBJECT, "a listener was duplicated by a process that its holder is not below"),
        Err(error) => {
            Finding::missing(SUBJECT, format!("a listener of a process not below ours: {error}"), PERMIT)
        }
    }
}

fn tried() -> io::Result<()> {
    let listener = listen::at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).map_err(io::Error::other)?;
    let inode = Listener::of(&listener)?.inode.to_string();
    let mut other = Command::new("/proc/self/exe");
    other.args(["doctor", "--reach", &inode]).stdin(Stdio::null()).stdout(Stdio::null());
    match other.status()?.code().and_then(|code| u8::try_from(code).ok()) {
        Some(TAKEN) => Ok(()),
        None | Some(UNKNOWN) => Err(io::Error::other("it could not be tried")),
        Some(error) => Err(io::Error::from_raw_os_error(error.into())),
    }
}

/// What the other process does: its exit status is the error's number (errno(3) has less than 255 of them).
pub fn main(inode: u64) -> ExitCode {
    let Some(holder) = getppid() else { return UNKNOWN.into() };
    let mut owners = Owners::default();
    owners.find(&[holder]);
    let taken = if owners.some_are_hidden() {
        Err(io::Error::from_raw_os_error(libc::EACCES))
    } else {
        owners.duplicate(inode).map(drop)
    };
    match taken {
        Ok(()) => TAKEN.into(),
        Err(error) => {
            error.raw_os_error().and_then(|number| u8::try_from(number).ok()).unwrap_or(UNKNOWN).into()
        }
    }
}
