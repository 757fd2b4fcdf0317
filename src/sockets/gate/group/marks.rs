//! SO_REUSEPORT on the server's own sockets, where the server has not set it itself.
use rustix::net::sockopt::{set_socket_reuseport, socket_reuseport};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// Sets it where the server has not, on all or none; gives those sockets.
pub fn mark(server: &[Arc<OwnedFd>]) -> io::Result<Vec<Arc<OwnedFd>>> {
    let mut marked = Vec::new();
    for socket in server {
        if !socket_reuseport(socket).inspect_err(|_| unmark(&marked))? {
            set_socket_reuseport(socket, true).inspect_err(|_| unmark(&marked))?;
            marked.push(Arc::clone(socket));
        }
    }
    Ok(marked)
}

/// Takes it away again.
pub fn unmark(marked: &[Arc<OwnedFd>]) {
    for socket in marked {
        let _ = set_socket_reuseport(socket, false);
    }
}
