//! The sockets that we made and the server has. While it serves, one that none of its processes holds any more is let
//! go, or clients would go on connecting to nobody; from the drain on all are kept.
use crate::sockets::processes::{Holder, descendants, holders};
use rustix::net::getpeername;
use rustix::net::sockopt::socket_acceptconn;
use rustix::process::{Pid, getpid};
use std::collections::HashSet;
use std::fs;
use std::net::SocketAddr;
use std::os::fd::{OwnedFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tracing::{debug, info};

/// How often it is looked whether the server still holds its listeners, about 5 µs each.
const PACE: Duration = Duration::from_secs(1);
/// A socket that does not listen may be about to connect, and a duplicate of ours would swallow its close. It is looked
/// at again after as long as it is old: so soon at the earliest, and after [`PACE`] at the latest.
const SHORTEST_PACE: Duration = Duration::from_millis(10);

/// Handle on them, shared by the thread that answers and the one that drains.
#[derive(Debug, Clone, Default)]
pub struct Captured(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    sockets: Vec<Held>,
    /// A drain has begun.
    keeps_all: bool,
}

/// A socket of ours in the server's hands.
#[derive(Debug, Clone)]
pub struct Held {
    /// The socket.
    pub socket: Arc<OwnedFd>,
    /// Its inode.
    pub inode: u64,
    /// Where it is bound.
    pub address: SocketAddr,
    /// Whether the server has been told that it is bound. A signal may come in between, and the call again.
    pub is_told: bool,
    /// Who was last seen to hold it.
    holder: (i32, RawFd),
    since: Instant,
    /// At the last look nobody did.
    was_unheld: bool,
}

impl Captured {
    /// All that listen now.
    #[must_use]
    pub fn listening(&self) -> Vec<Arc<OwnedFd>> {
        let table = self.table();
        let listening = table.sockets.iter().filter(|held| listens(held));
        listening.map(|held| Arc::clone(&held.socket)).collect()
    }

    /// Whether it is one of them.
    #[must_use]
    pub fn has(&self, socket: &Arc<OwnedFd>) -> bool {
        self.table().sockets.iter().any(|held| Arc::ptr_eq(&held.socket, socket))
    }

    /// From now on none is let go: what nobody holds is the drain's to answer.
    pub fn keep_all(&self) {
        self.table().keeps_all = true;
    }

    /// Lets all of them go: the drain is over.
    pub fn let_all_go(&self) {
        self.table().sockets.clear();
    }

    pub(super) fn get(&self, inode: u64) -> Option<Held> {
        self.table().sockets.iter().find(|held| held.inode == inode).cloned()
    }

    /// The thread `pid` of the server has it as `fd`, but does not know yet.
    pub(super) fn insert(&self, socket: OwnedFd, inode: u64, address: SocketAddr, holder: (i32, RawFd)) {
        let socket = Arc::new(socket);
        let since = Instant::now();
        let held = Held { socket, inode, address, is_told: false, holder, since, was_unheld: false };
        self.table().sockets.push(held);
    }

    pub(super) fn told(&self, inode: u64) {
        let mut table = self.table();
        if let Some(held) = table.sockets.iter_mut().find(|held| held.inode == inode) {
            held.is_told = true;
        }
    }

    /// A process of the server is about to bind this port: what it has closed there must not stand in its way.
    pub(super) fn make_room(&self, port: u16) {
        let here = self.copies(|held| held.address.port() == port);
        if here.is_empty() {
            return;
        }
        let held_by = find_holders(&here);
        let gone = here.iter().filter(|held| held_by(held.inode) == Some(None));
        self.let_go(&gone.map(|held| held.inode).collect::<Vec<_>>());
    }

    /// Lets go what has no business here: what connects in place of listening, and what nobody held at this look and at
    /// the one before. A server that dies in between is the drain's.
    pub(super) fn look(&self) {
        let here = self.copies(|_| true);
        let lost: Vec<Held> = here.iter().filter(|held| !is_held_by(held, held.holder)).cloned().collect();
        let held_by = find_holders(&lost);
        let mut gone = Vec::new();
        {
            let mut table = self.table();
            for held in &mut table.sockets {
                match held_by(held.inode) {
                    Some(None) if held.was_unheld => gone.push(held.inode),
                    Some(None) => held.was_unheld = true,
                    Some(Some(holder)) => (held.holder, held.was_unheld) = (holder, false),
                    None => held.was_unheld = false,
                }
            }
        }
        gone.extend(here.iter().filter(|held| connects(held)).map(|held| held.inode));
        self.let_go(&gone);
    }

    /// After how long to look again; `None`: there is nothing to look at.
    pub(super) fn pace(&self) -> Option<Duration> {
        let table = self.table();
        let pace = |held: &Held| {
            if listens(held) { PACE } else { held.since.elapsed().clamp(SHORTEST_PACE, PACE) }
        };
        table.sockets.iter().map(pace).min().filter(|_| !table.keeps_all)
    }

    fn copies(&self, wanted: impl Fn(&Held) -> bool) -> Vec<Held> {
        self.table().sockets.iter().filter(|held| wanted(held)).cloned().collect()
    }

    fn let_go(&self, inodes: &[u64]) {
        let mut table = self.table();
        if table.keeps_all {
            return;
        }
        for held in table.sockets.extract_if(.., |held| inodes.contains(&held.inode)) {
            let address = held.address;
            if listens(&held) {
                info!(%address, "the server has closed this listener: letting it go");
            } else {
                debug!(%address, "this socket of the server's does not listen: letting it go");
            }
        }
    }

    /// Nothing panics while it is locked; and if, what it holds is whole.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn listens(held: &Held) -> bool {
    socket_acceptconn(&*held.socket).unwrap_or(false)
}

fn connects(held: &Held) -> bool {
    getpeername(&*held.socket).is_ok_and(|peer| peer.is_some())
}

fn is_held_by(held: &Held, (process, fd): (i32, RawFd)) -> bool {
    let target = fs::read_link(format!("/proc/{process}/fd/{fd}"));
    target.is_ok_and(|target| target.to_str() == Some(&format!("socket:[{}]", held.inode)))
}

/// Who holds these, by inode: `None` for others. Where not all can be read, the last one is believed to hold it still.
fn find_holders(of: &[Held]) -> impl Fn(u64) -> Option<Option<(i32, RawFd)>> {
    let wanted: HashSet<u64> = of.iter().map(|held| held.inode).collect();
    let last: Vec<(u64, (i32, RawFd))> = of.iter().map(|held| (held.inode, held.holder)).collect();
    let found = (!wanted.is_empty()).then(|| holders(&descendants(getpid()), &wanted));
    move |inode| {
        let (_, last) = last.iter().find(|(known, _)| *known == inode)?;
        let (by_inode, unreadable) = found.as_ref()?;
        let number = |pid: Pid| pid.as_raw_nonzero().get();
        let holder = by_inode.get(&inode).and_then(|holders| holders.first());
        let holder = holder.map(|Holder { pid, fd }| (number(*pid), *fd));
        Some(holder.or_else(|| (!unreadable.is_empty()).then_some(*last)))
    }
}
