//! What a run that was killed left in the directory: names of our form that lead to nobody.
//!
//! A socket's file says by itself whether anybody has it: connect(2) with a socket of another type is refused with
//! ECONNREFUSED where nobody is bound to it, and with EPROTOTYPE where somebody is, in whatever network namespace
//! (unix_find_bsd() in net/unix/af_unix.c). The one who is bound sees nothing of it.
//!
//! What is bound there while the directory is read is shown complete: both take the directory's lock. So a run that is
//! just beginning is never taken for one that is over.
use super::names::{Which, name};
use crate::sockets::unix::node::{Node, socket_at};
use rustix::fs::{AtFlags, Dir, unlinkat};
use rustix::io::{Errno, Result};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Removes the names of runs that are over from a directory. A run goes on as long as its socket is bound: then all its
/// names stay, whoever they lead to. So does a name of a run that is over when its server goes on.
///
/// # Errors
/// When the directory cannot be read.
pub fn remove(beside: &Node) -> Result<()> {
    for listener in listeners(beside)? {
        if may_be_bound(beside, &name(listener, Which::Ours)) {
            continue;
        }
        for name in Which::ALL.map(|which| name(listener, which)) {
            if socket_at(&beside.directory, &name).is_some() && !may_be_bound(beside, &name) {
                // EACCES: it stays, and is in nobody's way.
                let _ = unlinkat(&beside.directory, &name, AtFlags::empty());
            }
        }
    }
    Ok(())
}

/// The listeners, by their inodes, that names of our form in the directory are made of.
fn listeners(beside: &Node) -> Result<BTreeSet<u64>> {
    let mut found = BTreeSet::new();
    for entry in Dir::read_from(&beside.directory)? {
        let entry = entry?;
        found.extend(Which::listener_of(Path::new(OsStr::from_bytes(entry.file_name().to_bytes()))));
    }
    Ok(found)
}

/// Whether a socket may be bound to this name: only a plain no is one.
fn may_be_bound(beside: &Node, name: &Path) -> bool {
    // Ours are stream sockets.
    let connected = SocketAddrUnix::new(beside.beside(name.as_os_str())).and_then(|place| {
        let other = socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
        connect(&other, &place)
    });
    !matches!(connected, Err(Errno::CONNREFUSED | Errno::NOENT))
}
