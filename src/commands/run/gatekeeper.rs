//! The server's listeners: found, held, gated, and taken over in the end.
use crate::cli::{Capture, GateChoice, SocketArgs};
use crate::late_arrivals::{Desk, Kind};
use crate::sockets::gate::Group;

use crate::sockets::processes::descendants;
use crate::sockets::{Listener, Observer, Watched, duplicate};
use rustix::fs::fstat;
use rustix::process::{Pid, getpid};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;
use tracing::{debug, warn};

/// Keeps the gate of one drain.
#[derive(Debug)]
pub struct Gatekeeper {
    ports: Vec<u16>,
    capture: Capture,
    gate: GateChoice,
    silent_grace: Duration,
    /// The sockets of `--listen`.
    pub(super) listened: Vec<Arc<OwnedFd>>,
    processes: HashSet<Pid>,
    pub(super) watched: Vec<Watched>,
    pub(super) groups: Vec<Group>,
    pub(super) desk: Option<Desk>,
    closed: bool,
    /// Why an address has no gate.
    obstacles: BTreeMap<SocketAddr, String>,
    /// Inodes of the listeners whose rest is being taken.
    taken: HashSet<u64>,
}

impl Gatekeeper {
    /// Nothing is done before a drain begins.
    #[must_use]
    pub fn new(options: &SocketArgs, listened: Vec<OwnedFd>, silent_grace: Duration) -> Self {
        Self {
            ports: options.ports.clone(),
            capture: options.capture,
            gate: options.gate,
            silent_grace,
            listened: listened.into_iter().map(Arc::new).collect(),
            processes: HashSet::new(),
            watched: Vec::new(),
            groups: Vec::new(),
            desk: None,
            closed: false,
            obstacles: BTreeMap::new(),
            taken: HashSet::new(),
        }
    }

    /// Whether lameduck listens itself (`--listen`).
    #[must_use]
    pub fn listens(&self) -> bool {
        !self.listened.is_empty()
    }

    /// Finds the server's listeners, takes duplicates, and forms the gate's groups.
    pub fn prepare(&mut self, observer: &mut Observer) {
        self.find(observer);
        self.form_groups();
        self.take_what_nobody_holds();
    }

    /// Where no process of the server holds a listener any more, nobody but us will accept from it.
    fn take_what_nobody_holds(&mut self) {
        let unheld = |watched: &&Watched| watched.duplicate.is_some() && watched.listener.holders.is_empty();
        for watched in self.watched.iter().filter(unheld).cloned().collect::<Vec<_>>() {
            debug!(address = %watched.listener.address, "no process of the server holds this listener");
            self.take_the_rest_of(&watched);
        }
    }

    /// Closes the gate. An address where that fails is left open, and the drain goes on.
    pub fn close(&mut self) {
        self.closed = true;
        if self.groups.is_empty() || self.open_desk().is_none() {
            return self.groups.drain(..).for_each(|group| drop(group.undo()));
        }
        let mut strays = Vec::new();
        for group in std::mem::take(&mut self.groups) {
            let closed = group.close_gate(&mut strays).map_err(|error| error.to_string()).and_then(|()| {
                let desk = self.desk.as_ref().ok_or("there is no desk")?;
                desk.accept_from(group.ours()).map_err(|error| error.to_string())
            });
            match closed {
                Ok(()) => self.groups.push(group),
                Err(reason) => {
                    self.obstacle(group.address(), reason);
                    strays.extend(group.undo());
                }
            }
        }
        self.serve(strays);
    }

    /// Takes whoever is queued at the server from now on, in competition with the server.
    pub fn take_the_rest(&mut self) {
        for watched in self.watched.clone() {
            self.take_the_rest_of(&watched);
        }
    }

    /// Follows the server's processes: listeners that appear are gated as well; the rest of one that nobody but us
    /// holds any more is taken at once, for nobody else will.
    pub fn refresh(&mut self, observer: &mut Observer) {
        if descendants(getpid()) == self.processes {
            return;
        }
        let before = std::mem::take(&mut self.watched);
        self.watched.clone_from(&before);
        self.find(observer);
        let (known, found) = (inodes(&before), inodes(&self.watched));
        let gone: Vec<Watched> =
            before.into_iter().filter(|old| !found.contains(&old.listener.inode)).collect();
        if !self.closed && known != found {
            let strays: Vec<OwnedFd> = self.groups.drain(..).flat_map(Group::undo).collect();
            self.serve(strays);
            self.form_groups();
        } else if self.closed && !found.is_subset(&known) {
            let gated: HashSet<SocketAddr> = self.groups.iter().map(Group::address).collect();
            let old = std::mem::take(&mut self.groups);
            self.form_groups_except(&gated);
            self.close();
            self.groups.extend(old);
        }
        for mut watched in gone {
            watched.listener.holders.clear();
            self.watched.push(watched);
        }
        self.take_what_nobody_holds();
        observer.watch(self.watched.clone());
    }

    fn find(&mut self, observer: &mut Observer) {
        let found = observer.discover(getpid(), &self.ports);
        for pid in found.unreadable.iter().filter(|pid| !self.processes.contains(pid)) {
            warn!(
                pid = pid.as_raw_nonzero(),
                "may not see what this process of the server listens on; name its ports with --port"
            );
        }
        let held = found.listeners.into_iter().map(|listener| {
            let duplicate = self.hold(&listener);
            Watched { listener, duplicate }
        });
        let mut watched: Vec<Watched> = held.collect();
        // Ours exist whoever holds them.
        for socket in &self.listened {
            if let Ok(listener) = Listener::of(socket)
                && watched.iter().all(|watched| watched.listener.inode != listener.inode)
            {
                watched.push(Watched { listener, duplicate: Some(Arc::clone(socket)) });
            }
        }
        self.watched = watched;
        self.processes = found.processes;
        observer.watch(self.watched.clone());
    }

    fn hold(&mut self, listener: &Listener) -> Option<Arc<OwnedFd>> {
        let known = self.watched.iter().find(|watched| watched.listener.inode == listener.inode);
        if let Some(held) = known.and_then(|watched| watched.duplicate.clone()) {
            return Some(held);
        }
        let ours = |socket: &&Arc<OwnedFd>| fstat(&***socket).is_ok_and(|stat| stat.st_ino == listener.inode);
        if let Some(listened) = self.listened.iter().find(ours) {
            return Some(Arc::clone(listened));
        }
        let getfd = match self.capture {
            Capture::Getfd => true,
            Capture::Auto => self.gate != GateChoice::None,
            Capture::Listen | Capture::None => false,
        };
        if !getfd {
            return None;
        }
        let mut reason = "no process of the server that holds it can be seen".to_owned();
        for holder in &listener.holders {
            match duplicate::duplicate(holder.pid, holder.fd, listener.inode) {
                Ok(held) => return Some(Arc::new(held)),
                Err(error) => reason = format!("pidfd_getfd: {error}"),
            }
        }
        self.obstacle(
            listener.address,
            format!("cannot hold the listener at {}: {reason}", listener.address),
        );
        None
    }

    fn form_groups(&mut self) {
        self.form_groups_except(&HashSet::new());
    }

    fn form_groups_except(&mut self, gated: &HashSet<SocketAddr>) {
        if self.gate == GateChoice::None {
            return;
        }
        let mut by_address: BTreeMap<SocketAddr, Vec<&Watched>> = BTreeMap::new();
        for watched in self.watched.iter().filter(|watched| !gated.contains(&watched.listener.address)) {
            by_address.entry(watched.listener.address).or_default().push(watched);
        }
        let (mut strays, mut obstacles) = (Vec::new(), Vec::new());
        for (address, members) in by_address {
            // A member that we do not hold may leave, and the numbers of the others change: no gate then.
            let Some(held) =
                members.iter().map(|member| member.duplicate.clone()).collect::<Option<Vec<_>>>()
            else {
                continue;
            };
            match Group::form(held, address, members[0].listener.uid, &mut strays) {
                Ok(group) => self.groups.push(group),
                Err(error) => obstacles.push((address, error.to_string())),
            }
        }
        for (address, reason) in obstacles {
            self.obstacle(address, reason);
        }
        self.serve(strays);
    }

    fn take_the_rest_of(&mut self, watched: &Watched) {
        let Some(held) = watched.duplicate.clone() else { return };
        if !self.taken.insert(watched.listener.inode) {
            return;
        }
        let Some(desk) = self.open_desk() else { return };
        if let Err(error) = desk.take_the_rest(held) {
            warn!(%error, address = %watched.listener.address, "cannot answer who is still queued");
        }
    }

    fn obstacle(&mut self, address: SocketAddr, reason: String) {
        warn!(%address, "no gate: {reason}");
        self.obstacles.insert(address, reason);
    }

    /// Serves connections that came to us by the way.
    fn serve(&mut self, strays: Vec<OwnedFd>) {
        if strays.is_empty() {
            return;
        }
        if let Some(desk) = self.open_desk() {
            for stray in strays {
                desk.serve(stray, Kind::LateArrival);
            }
        }
    }

    fn open_desk(&mut self) -> Option<&Desk> {
        if self.desk.is_none() {
            match Desk::open(self.silent_grace) {
                Ok(desk) => self.desk = Some(desk),
                Err(error) => warn!(%error, "cannot start the thread that answers late arrivals"),
            }
        }
        self.desk.as_ref()
    }

    /// The gate's kind, and why it is that.
    #[must_use]
    pub fn gate(&self) -> (&'static str, String) {
        let obstacles: Vec<&str> = self.obstacles.values().map(String::as_str).collect();
        if !self.groups.is_empty() {
            let why = if obstacles.is_empty() {
                "works for every listener".to_owned()
            } else {
                obstacles.join("; ")
            };
            return ("divert", why);
        }
        let why = match (self.gate, self.watched.is_empty()) {
            (GateChoice::None, _) => "--gate none".to_owned(),
            (_, true) => "the server has no listener".to_owned(),
            _ if obstacles.is_empty() => "no listener is held".to_owned(),
            _ => obstacles.join("; "),
        };
        ("none", why)
    }

    /// How the listeners are held.
    #[must_use]
    pub fn capture(&self) -> &'static str {
        let mut held = self.watched.iter().filter_map(|watched| watched.duplicate.as_ref()).peekable();
        if held.peek().is_none() {
            "none"
        } else if held.all(|held| self.listened.iter().any(|listened| Arc::ptr_eq(held, listened))) {
            "listen"
        } else {
            "getfd"
        }
    }

    /// The server's listeners.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        let addresses: BTreeSet<SocketAddr> =
            self.watched.iter().map(|watched| watched.listener.address).collect();
        addresses.into_iter().map(|address| address.to_string()).collect()
    }
}

fn inodes(watched: &[Watched]) -> HashSet<u64> {
    watched.iter().map(|watched| watched.listener.inode).collect()
}
