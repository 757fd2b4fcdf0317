//! Everybody, as sock_diag shows them: a row a connection, with TCP_INFO.
use super::All;
use crate::sockets::connections::{Standing, TCP_SYN_RECV};
use crate::sockets::diag::{INTERRUPTED_TRIES, SockDiag};
use crate::sockets::look::Look;
use crate::sockets::roll::Roll;
use crate::sockets::watched::{Watched, connections};
use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;

/// The peers of the handshakes in progress.
///
/// # Errors
/// As [`SockDiag::walk`].
pub(super) fn handshakes(diag: &mut SockDiag, watched: &[Watched]) -> io::Result<HashSet<SocketAddr>> {
    let mut peers = HashSet::new();
    // One that is missed here, as one that is shown twice, does no harm: it is waited for a little, or not.
    connections(diag, watched, |_, row| {
        if row.state() == TCP_SYN_RECV {
            peers.insert(row.peer());
        }
    })?;
    Ok(peers)
}

/// A look, and who was seen.
///
/// # Errors
/// As [`SockDiag::walk`].
pub(super) fn look(diag: &mut SockDiag, all: &mut All) -> io::Result<(Look, Roll)> {
    let mut tries = 0..INTERRUPTED_TRIES;
    loop {
        let (mut look, mut roll) = (Look::at_nobody(), Roll::default());
        let whole = connections(diag, all.watched, |late, row| {
            if late {
                return;
            }
            let standing = all.judge(row);
            roll.enter(row, standing);
            if standing != Some(Standing::HalfOpen) || all.counts(row.peer()) {
                look.count(standing, all.silent_grace);
            }
        })?;
        if whole || tries.next().is_none() {
            all.memory.end_of_look();
            return Ok((look, roll));
        }
    }
}
