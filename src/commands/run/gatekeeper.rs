//! The gate of one drain: formed, closed, kept up while the server's processes come and go.
use super::listeners::Listeners;
use crate::capture::Captured;
use crate::cli::{GateChoice, SocketArgs};
use crate::late_arrivals::{Desk, Settings};
use crate::sockets::gate::{Group, PathGate};
use crate::sockets::{Address, Observer, Watched};
use rustix::fs::fstat;
use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use tracing::warn;

/// Why an address of several servers is not gated.
const SHARED: &str =
    "another process listens here too (SO_REUSEPORT), and what comes to lameduck would be taken from it";

/// Keeps the gate of one drain.
#[derive(Debug)]
pub struct Gatekeeper {
    pub(super) gate: GateChoice,
    pub(super) settings: Settings,
    /// What the server listens on.
    pub listeners: Listeners,
    pub(super) groups: Vec<Group>,
    pub(super) paths: Vec<PathGate>,
    /// Inodes of the unix listeners for which a gate was formed, or could not be.
    pub(super) tried_paths: HashSet<u64>,
    pub(super) desk: Option<Desk>,
    closed: bool,
    /// /proc shows none of the server's processes.
    is_blind: bool,
    /// Why an address has no gate.
    obstacles: BTreeMap<Address, String>,
    /// Inodes of the listeners whose rest is being taken.
    pub(super) taken: HashSet<u64>,
}

impl Gatekeeper {
    /// Nothing is done before a drain begins.
    #[must_use]
    pub fn new(
        options: &SocketArgs,
        listened: Vec<OwnedFd>,
        captured: Option<Captured>,
        settings: Settings,
    ) -> Self {
        Self {
            gate: options.gate,
            settings,
            listeners: Listeners::new(options, listened, captured),
            groups: Vec::new(),
            paths: Vec::new(),
            tried_paths: HashSet::new(),
            desk: None,
            closed: false,
            is_blind: false,
            obstacles: BTreeMap::new(),
            taken: HashSet::new(),
        }
    }

    /// Finds the listeners of a server that is running, takes duplicates, and forms the gate's groups.
    pub fn prepare(&mut self, observer: &mut Observer) {
        self.prepare_after_the_end(observer);
        if self.listeners.nobody_is_seen() {
            warn!("cannot see the server's processes in /proc; name its ports with --port, or use --listen");
            self.is_blind = true;
        }
    }

    /// The same for what a server that has ended left.
    pub fn prepare_after_the_end(&mut self, observer: &mut Observer) {
        self.find(observer);
        self.form_groups_except(&HashSet::new());
        self.form_path_gates();
        self.take_what_nobody_holds();
    }

    /// Closes the gate. An address where that fails is left open, and the drain goes on.
    pub fn close(&mut self) {
        self.closed = true;
        self.close_path_gates();
        let mut strays = Vec::new();
        if !self.groups.is_empty() && self.open_desk().is_none() {
            for group in std::mem::take(&mut self.groups) {
                self.obstacle(group.address().into(), "nobody could answer late arrivals".to_owned());
                strays.extend(group.undo());
            }
        }
        for group in std::mem::take(&mut self.groups) {
            let closed = group.close_gate(&mut strays).map_err(|error| error.to_string()).and_then(|()| {
                let desk = self.desk.as_ref().ok_or("there is no desk")?;
                desk.accept_from(group.ours()).map_err(|error| error.to_string())
            });
            match closed {
                Ok(()) => self.groups.push(group),
                Err(reason) => {
                    self.obstacle(group.address().into(), reason);
                    strays.extend(group.undo());
                }
            }
        }
        self.serve(strays);
    }

    /// Whether the gate is closed at every address of the server.
    #[must_use]
    pub fn stands(&self) -> bool {
        let mut gated: HashSet<Address> = self.groups.iter().map(|group| group.address().into()).collect();
        gated.extend(self.paths.iter().map(|gate| gate.listener().address.clone()));
        self.closed && self.listeners.watched.iter().all(|watched| gated.contains(&watched.listener.address))
    }

    /// Follows the server's processes: listeners that appear are gated as well; the rest of one that nobody but us
    /// holds any more is taken at once, for nobody else will.
    pub fn refresh(&mut self, observer: &mut Observer) {
        if !self.listeners.have_changed() && !self.is_joined(observer) {
            return;
        }
        let known = self.listeners.inodes();
        self.find(observer);
        self.leave_shared();
        self.form_path_gates();
        if self.closed {
            self.close_path_gates();
        }
        let is_new = !self.listeners.held_inodes().is_subset(&known);
        // One that we hold stays a member of its group, in its place; one that we do not hold is known no more.
        let is_gone = !known.is_subset(&self.listeners.inodes());
        if !self.closed && (is_new || is_gone) {
            let strays: Vec<OwnedFd> = self.groups.drain(..).flat_map(Group::undo).collect();
            self.serve(strays);
            self.form_groups_except(&HashSet::new());
        } else if self.closed && is_new {
            let old = std::mem::take(&mut self.groups);
            self.form_groups_except(&old.iter().map(Group::address).collect());
            self.close();
            self.groups.extend(old);
        }
        self.take_what_nobody_holds();
    }

    /// Whether somebody listens at a group's address whom we do not know.
    fn is_joined(&self, observer: &mut Observer) -> bool {
        if self.groups.is_empty() {
            return false;
        }
        let addresses: Vec<SocketAddr> = self.groups.iter().map(Group::address).collect();
        let mut known = self.listeners.inodes();
        known.extend(self.groups.iter().filter_map(|group| Some(fstat(group.ours()).ok()?.st_ino)));
        observer.is_joined(&addresses, &known)
    }

    /// Leaves the groups that others have joined: they would be sent nobody any more.
    fn leave_shared(&mut self) {
        let listeners = &self.listeners;
        let shared = self.groups.extract_if(.., |group| listeners.are_shared_at(group.address()));
        for group in shared.collect::<Vec<_>>() {
            self.obstacle(group.address().into(), SHARED.to_owned());
            let strays = group.undo();
            self.serve(strays);
        }
    }

    fn find(&mut self, observer: &mut Observer) {
        for (address, reason) in self.listeners.find(observer) {
            self.obstacle(address, reason);
        }
    }

    fn form_groups_except(&mut self, gated: &HashSet<SocketAddr>) {
        if self.gate == GateChoice::None {
            return;
        }
        let mut by_address: BTreeMap<SocketAddr, Vec<&Watched>> = BTreeMap::new();
        for watched in &self.listeners.watched {
            let address = watched.listener.address.tcp().filter(|address| !gated.contains(address));
            if let Some(address) = address {
                by_address.entry(address).or_default().push(watched);
            }
        }
        let (mut strays, mut obstacles) = (Vec::new(), Vec::new());
        for (address, members) in by_address {
            if self.listeners.are_shared_at(address) {
                obstacles.push((address, SHARED.to_owned()));
                continue;
            }
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
            self.obstacle(address.into(), reason);
        }
        self.serve(strays);
    }

    pub(super) fn obstacle(&mut self, address: Address, reason: String) {
        warn!(%address, "no gate: {reason}");
        self.obstacles.insert(address, reason);
    }

    /// The gate's kind, and why it is that.
    #[must_use]
    pub fn gate(&self) -> (&'static str, String) {
        let obstacles: Vec<&str> = self.obstacles.values().map(String::as_str).collect();
        if !self.groups.is_empty() || !self.paths.is_empty() {
            let why = if obstacles.is_empty() {
                "works for every listener".to_owned()
            } else {
                obstacles.join("; ")
            };
            return ("divert", why);
        }
        let why = match (self.gate, self.listeners.watched.is_empty()) {
            (GateChoice::None, _) => "--gate none".to_owned(),
            (_, true) if self.is_blind => "cannot see the server's processes in /proc".to_owned(),
            (_, true) => "the server has no listener".to_owned(),
            _ if obstacles.is_empty() => "no listener is held".to_owned(),
            _ => obstacles.join("; "),
        };
        ("none", why)
    }
}
