//! What is told of the listeners that are known: who holds them, and how we do.
use super::{Listeners, Watched};
use crate::sockets::Address;
use rustix::process::Pid;
use std::collections::{BTreeSet, HashSet};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;

impl Listeners {
    /// Those that we hold and no process of the server does.
    #[must_use]
    pub fn unheld(&self) -> Vec<Watched> {
        let unheld = |watched: &&Watched| watched.duplicate.is_some() && watched.listener.holders.is_empty();
        self.watched.iter().filter(unheld).cloned().collect()
    }

    /// The inodes of those that a process of the server holds.
    #[must_use]
    pub fn held_inodes(&self) -> HashSet<u64> {
        let held = self.watched.iter().filter(|watched| !watched.listener.holders.is_empty());
        held.map(|watched| watched.listener.inode).collect()
    }

    /// The inodes of all that are known.
    #[must_use]
    pub fn inodes(&self) -> HashSet<u64> {
        self.watched.iter().map(|watched| watched.listener.inode).collect()
    }

    /// The server's processes, as they were when its listeners were last found.
    #[must_use]
    pub fn processes(&self) -> &HashSet<Pid> {
        &self.processes
    }

    /// Whether /proc shows no process of the server.
    #[must_use]
    pub fn nobody_is_seen(&self) -> bool {
        self.processes.is_empty()
    }

    /// Whether there are processes of the server of which it may not be seen what they listen on.
    #[must_use]
    pub fn some_are_closed_to_us(&self) -> bool {
        self.some_are_closed_to_us
    }

    /// Whether others than the server listen at this address too (SO_REUSEPORT).
    #[must_use]
    pub fn are_shared_at(&self, address: SocketAddr) -> bool {
        self.others.contains(&address)
    }

    /// Where others than the server listen at its ports.
    pub fn others(&self) -> impl Iterator<Item = SocketAddr> {
        self.others.iter().copied()
    }

    /// How many listeners joined the members of a group behind our socket, and are still there because we hold them.
    #[must_use]
    pub fn joined_later(&self, address: SocketAddr, members: &[Arc<OwnedFd>]) -> usize {
        let here = self.watched.iter().filter(|watched| watched.listener.address.tcp() == Some(address));
        let held = here.filter_map(|watched| watched.duplicate.as_ref());
        held.filter(|held| !members.iter().any(|member| Arc::ptr_eq(member, held))).count()
    }

    /// How this one is held.
    #[must_use]
    pub fn capture_of(&self, watched: &Watched) -> &'static str {
        match &watched.duplicate {
            None => "none",
            Some(held) if self.listened.iter().any(|listened| Arc::ptr_eq(held, listened)) => "listen",
            Some(held) if self.captured.has(held) => "bind",
            Some(_) => "getfd",
        }
    }

    /// How they are held.
    #[must_use]
    pub fn capture(&self) -> &'static str {
        let all: BTreeSet<&str> = self.watched.iter().map(|watched| self.capture_of(watched)).collect();
        ["getfd", "bind", "listen"].into_iter().find(|one| all.contains(one)).unwrap_or("none")
    }

    /// Their addresses.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        let addresses: BTreeSet<&Address> =
            self.watched.iter().map(|watched| &watched.listener.address).collect();
        addresses.into_iter().map(ToString::to_string).collect()
    }
}
