//! The gate of one drain: formed, closed, kept up while the server's processes come and go.
use super::listeners::Listeners;
use super::turning_away::Passages;
use crate::capture::Captured;
use crate::cli::{GateChoice, SocketArgs};
#[cfg(feature = "kubernetes")]
use crate::late_arrivals::Fellow;
use crate::late_arrivals::{Desk, Settings};
use crate::sockets::gate::{Group, PathGate, Refusal};
use crate::sockets::{Address, Observer, Whose};
use std::collections::{BTreeMap, HashSet};
use std::os::fd::OwnedFd;
use std::time::Instant;
use tracing::warn;

/// Keeps the gate of one drain.
#[derive(Debug)]
pub struct Gatekeeper {
    pub(super) whose: Whose,
    pub(super) gate: GateChoice,
    /// New connections are refused where they can be, not diverted.
    pub(super) refuses: bool,
    pub(super) settings: Settings,
    /// What the server listens on.
    pub listeners: Listeners,
    pub(super) groups: Vec<Group>,
    pub(super) paths: Vec<PathGate>,
    /// Inodes of the unix listeners for which a gate was formed, or could not be.
    pub(super) tried_paths: HashSet<u64>,
    pub(super) refusals: Vec<Refusal>,
    pub(super) passages: Passages,
    pub(super) desk: Option<Desk>,
    closed: bool,
    /// When a SYN was dropped last while a group formed.
    pub(super) missed: Option<Instant>,
    /// /proc shows none of the server's processes.
    pub(super) is_blind: bool,
    /// Why a listener of an address is not held.
    pub(super) unheld: BTreeMap<Address, String>,
    /// Why an address has no gate.
    pub(super) obstacles: BTreeMap<Address, String>,
    /// Where the server's own processes talk to each other: no way in for clients, and nothing to gate.
    pub(super) internal: HashSet<Address>,
    /// Inodes of the listeners whose rest is being taken.
    pub(super) taken: HashSet<u64>,
}

impl Gatekeeper {
    /// Nothing is done before a drain begins.
    #[must_use]
    pub fn new(
        whose: Whose,
        options: &SocketArgs,
        refuses: bool,
        listened: Vec<OwnedFd>,
        captured: Option<Captured>,
        settings: Settings,
    ) -> Self {
        Self {
            listeners: Listeners::new(whose.clone(), options, listened, captured),
            whose,
            gate: options.gate,
            refuses,
            settings,
            groups: Vec::new(),
            paths: Vec::new(),
            tried_paths: HashSet::new(),
            refusals: Vec::new(),
            passages: Passages::default(),
            desk: None,
            closed: false,
            missed: None,
            is_blind: false,
            unheld: BTreeMap::new(),
            obstacles: BTreeMap::new(),
            internal: HashSet::new(),
            taken: HashSet::new(),
        }
    }

    /// Finds the listeners of a server that is running, takes duplicates, and forms the gate's groups.
    pub fn prepare(&mut self, observer: &mut Observer) {
        self.prepare_after_the_end(observer);
        if self.whose != Whose::Unseen && self.listeners.nobody_is_seen() {
            warn!("cannot see the server's processes in /proc; name its ports with --port, or use --listen");
            self.is_blind = true;
        }
    }

    /// The same for what a server that has ended left.
    pub fn prepare_after_the_end(&mut self, observer: &mut Observer) {
        self.find(observer);
        self.form_gates_except(&HashSet::new());
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
                let mut sockets = group.sockets();
                let passage = self.passages.at(group.address());
                sockets
                    .try_for_each(|ours| desk.accept_from(ours, passage.cloned()))
                    .map_err(|error| error.to_string())
            });
            match closed {
                Ok(()) => self.groups.push(group),
                Err(reason) => {
                    self.obstacle(group.address().into(), reason);
                    strays.extend(group.undo());
                }
            }
        }
        for mut refusal in std::mem::take(&mut self.refusals) {
            match refusal.close_gate() {
                Ok(()) => self.refusals.push(refusal),
                Err(error) => self.obstacle(refusal.address().into(), error.to_string()),
            }
        }
        self.serve(strays);
    }

    /// Whether the gate was closed, where there is one.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether the gate is closed at every address of the server.
    #[must_use]
    pub fn stands(&self) -> bool {
        let gated = self.gated();
        self.closed && self.listeners.watched.iter().all(|watched| gated.contains(&watched.listener.address))
    }

    /// The addresses that have a gate.
    fn gated(&self) -> HashSet<Address> {
        let tcp = self.groups.iter().map(Group::address).chain(self.refusals.iter().map(Refusal::address));
        let unix = self.paths.iter().map(|gate| gate.listener().address.clone());
        tcp.map(Address::from).chain(unix).collect()
    }

    /// Follows the server's processes and sockets: listeners that appear are gated as well; the rest of one that nobody but us
    /// holds any more is taken at once, for nobody else will.
    pub fn refresh(&mut self, observer: &mut Observer) {
        if !self.listeners.have_changed(observer) {
            return;
        }
        let known = self.listeners.inodes();
        self.find(observer);
        let left_refusal = self.leave_shared();
        self.form_path_gates();
        if self.closed {
            self.close_path_gates();
        }
        let is_new = !self.listeners.held_inodes().is_subset(&known);
        // One that we hold stays a member of its group, in its place; one that we do not hold is known no more.
        let is_gone = !known.is_subset(&self.listeners.inodes());
        if !self.closed && (is_new || is_gone || left_refusal) {
            let strays: Vec<OwnedFd> = self.groups.drain(..).flat_map(Group::undo).collect();
            self.serve(strays);
            let listeners = &self.listeners.watched;
            let listens = |at| listeners.iter().any(|watched| watched.listener.address.tcp() == Some(at));
            self.refusals.retain(|refusal| listens(refusal.address()));
            self.form_gates_except(&self.gated());
        } else if self.closed && (is_new || left_refusal) {
            let gated = self.gated();
            let old = std::mem::take(&mut self.groups);
            self.form_gates_except(&gated);
            self.close();
            self.groups.extend(old);
        }
        // The gate was open for a moment.
        if self.closed && left_refusal && self.stands() {
            observer.gate_closed();
        }
        self.take_what_nobody_holds();
    }

    /// Relays to these from now on.
    #[cfg(feature = "kubernetes")]
    pub fn relay_to(&mut self, fellows: Vec<Fellow>) {
        self.settings.relay_to = Some(fellows.clone());
        if let Some(desk) = &self.desk {
            desk.relay_to(fellows);
        }
    }

    fn find(&mut self, observer: &mut Observer) {
        self.unheld = self.listeners.find(observer).into_iter().collect();
    }
}
