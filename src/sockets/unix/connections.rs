//! What those are doing whom the server has accepted on its unix sockets, as far as can be told.
//!
//! The kernel shows what is unread at either end of a unix connection, and neither clocks nor counters. So a request
//! that the server has read and not answered looks like a connection at rest. One that is young is taken to be in
//! flight; of one that is not, nothing is known, and it is waited for no longer: it may be a proxy's kept-alive one.
use super::{Unix, proc};
use crate::sockets::address::UnixName;
use crate::sockets::diag::UnixStates;
use crate::sockets::look::Look;
use crate::sockets::watched::Watched;
use std::collections::{HashMap, HashSet};
use std::io;
use std::time::{Duration, Instant};

/// Remembers by which file and name the server's connections are known, and when each was first seen.
#[derive(Debug, Default)]
pub struct Connections {
    /// By the listener's inode.
    bound: HashMap<u64, Bound>,
    first_seen: HashMap<u64, Instant>,
}

/// What a listener hands on to all that are accepted from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Bound {
    name: UnixName,
    node: Option<u32>,
}

impl Connections {
    /// Looks are at the connections of these listeners from now on.
    pub fn watch(&mut self, unix: &mut Unix, watched: &[Watched]) {
        let mut known = std::mem::take(&mut self.bound);
        for listener in watched.iter().map(|watched| &watched.listener) {
            let Some(name) = listener.address.unix() else { continue };
            // One that is gone may have left connections.
            let bound = known.remove(&listener.inode).unwrap_or_else(|| {
                let row = unix.ask(|diag| diag.unix_socket(listener.inode)).flatten();
                Bound { name: name.clone(), node: row.and_then(|row| row.node()) }
            });
            self.bound.insert(listener.inode, bound);
        }
    }

    /// Whether there are any listeners.
    #[must_use]
    pub fn are_watched(&self) -> bool {
        !self.bound.is_empty()
    }

    /// Counts them in a look: unread exactly; in flight for certain while an answer is not read, and while younger than
    /// `young`; unknown otherwise. Gives how many there are; `None`: it cannot be told.
    pub fn count(&mut self, unix: &mut Unix, young: Duration, look: &mut Look) -> Option<usize> {
        if !self.are_watched() {
            return Some(0);
        }
        let bound: HashSet<Bound> = self.bound.values().cloned().collect();
        let rows = unix.ask(|diag| {
            let mut rows = Vec::new();
            diag.unix(UnixStates::Connected, |row| {
                let is_here =
                    row.name().is_some_and(|name| bound.contains(&Bound { name, node: row.node() }));
                if is_here {
                    rows.push((row.cookie(), row.queues()));
                }
            })?;
            Ok(rows)
        });
        let Some(rows) = rows else {
            self.first_seen.clear();
            // That, at least, /proc shows: gunicorn's control socket seldom has a client.
            let names = self.bound.values().map(|bound| &bound.name).collect();
            if matches!(proc::anybody_at(&names), Ok(false)) {
                return Some(0);
            }
            (look.unread, look.unknown) = (None, None);
            look.connections_are_unknown();
            return None;
        };
        let (now, before) = (Instant::now(), std::mem::take(&mut self.first_seen));
        let add = |count: &mut Option<u32>| *count = count.map(|count| count.saturating_add(1));
        for (cookie, queues) in rows {
            let first_seen = *before.get(&cookie).unwrap_or(&now);
            self.first_seen.insert(cookie, first_seen);
            match queues {
                Some((1.., _)) => add(&mut look.unread),
                Some((0, 1..)) => add(&mut look.in_flight),
                _ if now.saturating_duration_since(first_seen) < young => add(&mut look.in_flight),
                _ => add(&mut look.unknown),
            }
        }
        Some(self.first_seen.len())
    }
}

/// The inodes of those sockets that are connected to the listener of this inode: the clients' ends.
///
/// # Errors
/// As [`crate::sockets::diag::SockDiag::unix`].
pub fn clients(diag: &mut crate::sockets::diag::SockDiag, listener: u64) -> io::Result<HashSet<u64>> {
    let mut clients = HashSet::new();
    let Some(listener) = diag.unix_socket(listener)? else { return Ok(clients) };
    let (name, node) = (listener.name(), listener.node());
    diag.unix(UnixStates::Connected, |row| {
        if row.name() == name && row.node() == node {
            clients.extend(row.peer());
        }
    })?;
    Ok(clients)
}
