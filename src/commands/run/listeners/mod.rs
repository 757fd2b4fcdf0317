//! What the server listens on: found again and again, and held as far as is permitted.
mod telling;
mod wanted;

use crate::capture::Captured;
use crate::cli::SocketArgs;
use crate::sockets::{Address, Listener, Observer, Watched, Whose, duplicate, processes};
use rustix::fs::fstat;
use rustix::process::Pid;
use std::collections::{BTreeSet, HashSet};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use tracing::warn;
use wanted::Wanted;

/// The server's listeners, and our duplicates of them.
#[derive(Debug)]
pub struct Listeners {
    whose: Whose,
    wanted: Wanted,
    getfd: bool,
    /// The sockets of `--listen`.
    listened: Vec<Arc<OwnedFd>>,
    /// Those that took the place of the server's when it bound them; without any, when it was started plainly.
    captured: Captured,
    processes: HashSet<Pid>,
    /// What some of these listen on may not be seen.
    some_are_closed_to_us: bool,
    /// Who listened in this network namespace when they were last found: inodes.
    table: HashSet<u64>,
    /// Where others than the server listen at its ports.
    others: BTreeSet<SocketAddr>,
    /// What is left alone, and the option that says so.
    pub ignored: Vec<(Listener, &'static str)>,
    /// All others that were found; those that the server has let go stay as long as we hold them.
    pub watched: Vec<Watched>,
}

impl Listeners {
    /// Nothing is looked for before [`Self::find`].
    #[must_use]
    pub fn new(
        whose: Whose,
        options: &SocketArgs,
        listened: Vec<OwnedFd>,
        captured: Option<Captured>,
    ) -> Self {
        // Where binds are announced it is refused.
        let getfd = options.want_getfd() && captured.is_none();
        Self {
            whose,
            wanted: Wanted::new(options),
            getfd,
            listened: listened.into_iter().map(Arc::new).collect(),
            captured: captured.unwrap_or_default(),
            processes: HashSet::new(),
            some_are_closed_to_us: false,
            table: HashSet::new(),
            others: BTreeSet::new(),
            ignored: Vec::new(),
            watched: Vec::new(),
        }
    }

    /// Whether lameduck has held listeners from the start (`--listen`, capture by bind).
    #[must_use]
    pub fn ours(&self) -> bool {
        !self.listened.is_empty() || !self.captured.listening().is_empty()
    }

    /// All that lameduck has held from the start.
    fn held_from_the_start(&self) -> Vec<Arc<OwnedFd>> {
        let captured =
            self.captured.listening().into_iter().filter(|socket| {
                Listener::of(socket).is_ok_and(|listener| self.wanted.has(&listener.address))
            });
        self.listened.iter().cloned().chain(captured).collect()
    }

    /// Whether the server has other processes than when its listeners were last found, somebody listens with another
    /// TCP socket, or one that we hold has been let go by all who held it. About 20 µs, and 3 µs for each that we hold.
    pub fn have_changed(&self, observer: &mut Observer) -> bool {
        self.whose.processes() != self.processes
            || observer.table().is_some_and(|table| table != self.table)
            || self.watched.iter().any(is_let_go)
    }

    /// Finds them, takes duplicates, and has the observer look at them. Gives what stood in the way, by address.
    pub fn find(&mut self, observer: &mut Observer) -> Vec<(Address, String)> {
        self.captured.keep_all();
        let found = observer.discover(&self.whose, &self.wanted.ports);
        let mut unseen = found.unreadable.iter().filter(|pid| !self.processes.contains(pid));
        // Workers that have dropped privileges have what their arbiter listens on.
        let others_listen = found.listeners.iter().any(|listener| !listener.holders.is_empty());
        if let Some(pid) = unseen.next().filter(|_| !others_listen).map(|pid| pid.as_raw_nonzero()) {
            let others = Some(unseen.count()).filter(|others| *others > 0);
            warn!(%pid, others, "may not see what this process of the server listens on; name its ports with --port");
        }
        self.some_are_closed_to_us = !found.unreadable.is_empty();
        self.processes = found.processes;
        self.table = found.table;
        self.others = found.others;
        self.ignored.clear();
        let (mut watched, mut obstacles) = (Vec::new(), Vec::new());
        for listener in found.listeners {
            if let Some(option) = self.wanted.ignored_by(&listener.address) {
                self.ignored.push((listener, option));
                continue;
            }
            let duplicate = self.hold(&listener).unwrap_or_else(|reason| {
                obstacles.push((listener.address.clone(), reason));
                None
            });
            watched.push(Watched { listener, duplicate });
        }
        // Ours exist whoever holds them, and so do those that we hold although the server has let them go.
        let from_the_start = self.held_from_the_start();
        let from_the_start = from_the_start.into_iter().filter_map(|socket| {
            Some(Watched { listener: Listener::of(&socket).ok()?, duplicate: Some(socket) })
        });
        let let_go =
            self.watched.drain(..).filter(|watched| watched.duplicate.is_some()).map(|mut watched| {
                watched.listener.holders.clear();
                watched
            });
        for known in let_go.chain(from_the_start) {
            if watched.iter().all(|watched| watched.listener.inode != known.listener.inode) {
                watched.push(known);
            }
        }
        self.watched = watched;
        observer.watch(self.watched.clone());
        obstacles
    }

    /// A duplicate of it, where one is wanted.
    fn hold(&self, listener: &Listener) -> Result<Option<Arc<OwnedFd>>, String> {
        let known = self.watched.iter().find(|watched| watched.listener.inode == listener.inode);
        if let Some(held) = known.and_then(|watched| watched.duplicate.clone()) {
            return Ok(Some(held));
        }
        let same = |socket: &&Arc<OwnedFd>| fstat(&***socket).is_ok_and(|stat| stat.st_ino == listener.inode);
        if let Some(ours) = self.held_from_the_start().iter().find(same) {
            return Ok(Some(Arc::clone(ours)));
        }
        if !self.getfd {
            return Ok(None);
        }
        let mut reason = "no process of the server that holds it can be seen".to_owned();
        for holder in &listener.holders {
            match duplicate::duplicate(holder.pid, holder.fd, listener.inode) {
                Ok(held) => return Ok(Some(Arc::new(held))),
                Err(error) => reason = format!("pidfd_getfd: {error}"),
            }
        }
        Err(format!("cannot hold the listener at {}: {reason}", listener.address))
    }

    /// Lets all of them go.
    pub fn let_go(&mut self) {
        self.watched.clear();
        self.listened.clear();
        self.captured.let_all_go();
    }
}

/// Whether those who held it hold it no more. Where we have no duplicate its end shows in the table.
fn is_let_go(watched: &Watched) -> bool {
    let Watched { listener, duplicate } = watched;
    let held = || listener.holders.iter().any(|holder| processes::holds(*holder, listener.inode));
    duplicate.is_some() && !listener.holders.is_empty() && !held()
}
