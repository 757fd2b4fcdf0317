//! The gate of a unix listener: our own socket takes its path by rename(2), so that every new connect(2) finds ours, and
//! the server's queue can only shrink. Whoever waits in connect(2) for room in that queue looks the path up again, and
//! finds ours too (unix_stream_connect() in net/unix/af_unix.c).
//!
//! 1. [`PathGate::form`], when the lame duck begins: our socket listens beside the path, with its owner, group and mode,
//!    and the server's own file gets a second name, by which it can come back.
//! 2. [`PathGate::close`]: the path is ours.
//! 3. [`PathGate::keep`], when the server is told to stop: many servers remove their path then; it is put back.
//! 4. [`PathGate::shut`], when the server is gone: the path is as the server would have left it, and our socket takes
//!    nobody more. What is in its queue is the last.
//!
//! A lameduck that is killed leaves its names behind; the next gate in that directory removes them (`leftovers`).
mod keeper;
mod leftovers;
mod names;

use super::GateError;
use crate::sockets::Listener;
use crate::sockets::diag::SockDiag;
use crate::sockets::processes::holders;
use crate::sockets::unix::node::Node;
use crate::sockets::unix::{clients, shut};
use keeper::Keeper;
use names::Names;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, listen, socket_with,
};
use rustix::process::Pid;
use std::collections::HashSet;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use tracing::{debug, warn};

/// The kernel cuts it down to net.core.somaxconn (listen(2)).
const LONGEST_BACKLOG: i32 = i32::MAX;

/// Our socket beside or at the path of one listener.
#[derive(Debug)]
pub struct PathGate {
    listener: Listener,
    names: Arc<Names>,
    ours: OwnedFd,
    /// Once the path is ours.
    keeper: Option<Keeper>,
}

impl PathGate {
    /// Prepares everything beside the path of a listener, which goes on as it is. `server`: its processes.
    ///
    /// # Errors
    /// When the name is abstract; when the server's own processes talk to each other by it; when its file is not to be
    /// found; when the directory or the kernel refuses a step. All is undone then.
    pub fn form(listener: &Listener, server: &HashSet<Pid>) -> Result<Self, GateError> {
        let refused = |step, error| GateError::Refused { step, address: listener.address.clone(), error };
        let name = listener.address.unix();
        let path = name.and_then(|name| name.path()).ok_or(GateError::Abstract)?;
        let mut diag = SockDiag::open().ok();
        if let Some(diag) = &mut diag
            && let Ok(clients) = clients(diag, listener.inode)
            && !holders(server, &clients).0.is_empty()
        {
            return Err(GateError::Internal);
        }
        let row = diag.and_then(|mut diag| diag.unix_socket(listener.inode).ok().flatten());
        let node = Node::find(path, &listener.holders, row.and_then(|row| row.node()))
            .map_err(|error| refused("cannot find the file of", error))?;
        if let Err(error) = leftovers::remove(&node) {
            debug!(%error, address = %listener.address, "cannot see what killed runs left beside it");
        }
        let names = Arc::new(Names::new(node, listener.inode));
        let ours = listen_beside(&names).map_err(|error| refused("cannot listen beside", error.into()))?;
        Ok(Self { listener: listener.clone(), names, ours, keeper: None })
    }

    /// The listener.
    #[must_use]
    pub fn listener(&self) -> &Listener {
        &self.listener
    }

    /// Whether the path is ours.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.keeper.is_some()
    }

    /// Our socket, which does not block.
    #[must_use]
    pub fn ours(&self) -> &OwnedFd {
        &self.ours
    }

    /// Takes the path: from now on every new connection comes to our socket.
    ///
    /// # Errors
    /// When the directory refuses it; nothing has changed then.
    pub fn close(&mut self) -> Result<(), GateError> {
        let refused = |step, error: io::Error| GateError::Refused {
            step,
            address: self.listener.address.clone(),
            error,
        };
        // First: from the instant in which the path is ours, its removal has to be seen.
        let keeper = Keeper::start(Arc::clone(&self.names))
            .map_err(|error| refused("cannot watch the path of", error))?;
        match self.names.take() {
            Ok(()) => {
                self.keeper = Some(keeper);
                Ok(())
            }
            Err(error) => {
                keeper.end();
                Err(refused("cannot rename a socket to", error.into()))
            }
        }
    }

    /// From now on the path is put back when the server removes it. Before that, a server that does so may want to
    /// listen there anew.
    pub fn keep(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.keep();
        }
    }

    /// Leaves the path as the server would have left it: gone, if the server has removed it, else its own file. Our
    /// socket refuses from now on, and what is in its queue can still be accepted.
    pub fn shut(&mut self) {
        if let Some(keeper) = self.keeper.take() {
            let removed = keeper.end();
            if let Err(error) = self.names.give_back(removed) {
                warn!(%error, address = %self.listener.address, "cannot leave the path as the server would have");
            }
        }
        self.names.remove();
        shut(&self.ours);
    }

    /// Opens the gate, as if we had not been there. Gives the late arrivals still queued.
    #[must_use]
    pub fn undo(mut self) -> Vec<OwnedFd> {
        self.shut();
        let mut strays = Vec::new();
        while let Ok(stray) = accept_with(&self.ours, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
            strays.push(stray);
        }
        strays
    }
}

/// What was only formed leaves nothing behind, and what was closed has been shut.
impl Drop for PathGate {
    fn drop(&mut self) {
        self.shut();
    }
}

/// Makes a socket that listens beside the path, and is like the server's for whoever may connect to it. EADDRINUSE:
/// another lameduck's is there.
fn listen_beside(names: &Names) -> rustix::io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let ours = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    bind(&ours, &SocketAddrUnix::new(names.ours())?)?;
    let listens = || {
        names.make_like_the_servers()?;
        names.save_the_servers()?;
        listen(&ours, LONGEST_BACKLOG)
    };
    listens().inspect_err(|_| names.remove())?;
    Ok(ours)
}
