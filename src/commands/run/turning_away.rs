//! A listener whose late arrivals speak TLS: only the server can answer them. Those who have come are passed on to it, and
//! new connections are turned away from then on, before they have got in: diverted they would be lost once the server has
//! been told to stop.
use super::choosing::{in_kubernetes, would_rule_the_node};
use super::gatekeeper::Gatekeeper;
use crate::cli::GateChoice;
use crate::late_arrivals::{Passage, Traffic};
use crate::sockets::gate::{Group, PASSAGE_CLASS, Refusal, refuse};
use crate::sockets::watched::accept_queue;
use rustix::net::getsockname;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;
use tracing::{debug, info, warn};

/// How often it is looked whether late arrivals speak TLS where nothing else is looked at: while the server stops.
const PACE: Duration = Duration::from_millis(10);

/// The ways past the gate, and where new connections are turned away.
#[derive(Debug, Default)]
pub(super) struct Passages {
    by_address: BTreeMap<SocketAddr, Arc<Passage>>,
    turned_away: BTreeMap<SocketAddr, TurnedAway>,
    /// The server has been told to stop.
    are_closed: bool,
}

/// How new connections are turned away at an address, as well as can be.
#[derive(Debug)]
enum TurnedAway {
    /// By a rule, before they come to the plug.
    Refused(Refusal),
    /// By the plug.
    Plugged,
    /// Not at all: the kernel refused both.
    Not,
}

impl Passages {
    /// Lays the passage of a group that was formed. One that is known already keeps what it knows.
    pub fn lay(&mut self, group: &Group) {
        let address = group.address();
        let known = self.by_address.get(&address);
        if known.is_some() && known.map(|passage| passage.to()) == group.passage() {
            return;
        }
        let passage = Passage::new(group.passage().unwrap_or(address), PASSAGE_CLASS);
        if self.are_closed || group.is_joined() {
            passage.close();
        }
        self.by_address.insert(address, Arc::new(passage));
    }

    /// The passage of the listener at this address.
    pub fn at(&self, address: SocketAddr) -> Option<&Arc<Passage>> {
        self.by_address.get(&address)
    }

    /// That of a late arrival, by the address that it came to.
    pub fn of(&self, late: &OwnedFd) -> Option<&Arc<Passage>> {
        let to = SocketAddr::try_from(getsockname(late).ok()?).ok()?;
        let listeners = self.by_address.iter().filter(|(address, _)| {
            address.port() == to.port() && (address.ip().is_unspecified() || address.ip() == to.ip())
        });
        // The narrowest is the listener's own: a wildcard's address comes first.
        listeners.map(|(_, passage)| passage).next_back()
    }

    /// The group of this address is left.
    pub fn leave(&mut self, address: SocketAddr) {
        self.by_address.remove(&address).iter().for_each(|passage| passage.close());
        self.turned_away.remove(&address);
    }

    /// A rule that refuses a neighbour's clients is taken back; the plug stays.
    pub fn spare(&mut self, others: &[SocketAddr]) {
        let concerns = |refusal: &Refusal| {
            others.iter().any(|other| *other != refusal.address() && refusal.concerns(*other))
        };
        for how in self.turned_away.values_mut() {
            if matches!(how, TurnedAway::Refused(refusal) if concerns(refusal)) {
                *how = TurnedAway::Plugged;
            }
        }
    }

    /// How new connections were turned away here: `refuse` or `plug`; `None`: they were not.
    pub fn turned_away(&self, address: SocketAddr) -> Option<&'static str> {
        match self.turned_away.get(&address)? {
            TurnedAway::Refused(_) => Some("refuse"),
            TurnedAway::Plugged => Some("plug"),
            TurnedAway::Not => None,
        }
    }

    /// Everything is closed: nobody is turned away any more.
    pub fn clear(&mut self) {
        self.turned_away.clear();
    }
}

impl Gatekeeper {
    /// Turns new connections away where late arrivals speak TLS, once the gate is closed. Says whether that was somewhere
    /// begun.
    pub fn turn_away(&mut self) -> bool {
        let (passages, listeners) = (&self.passages, &self.listeners);
        let is_due = |group: &Group| {
            let address = group.address();
            passages.at(address).is_some_and(|passage| passage.speaks_tls())
                && !passages.turned_away.contains_key(&address)
        };
        if !self.is_closed() || !self.groups.iter().any(is_due) {
            return false;
        }
        let mut plugged = Vec::new();
        for group in self.groups.iter_mut().filter(|group| is_due(group)) {
            let address = group.address();
            plugged.push((address, group.turn_away(listeners.joined_later(address, group.server()))));
        }
        for (address, plugged) in plugged {
            let how = match (self.refuse_but_passing(address), plugged) {
                (Some(refusal), _) => TurnedAway::Refused(refusal),
                (None, Ok(())) => TurnedAway::Plugged,
                (None, Err(error)) => {
                    warn!(%address, "late arrivals speak TLS, and new ones cannot be kept away: {error}");
                    TurnedAway::Not
                }
            };
            self.passages.turned_away.insert(address, how);
            if let Some(how) = self.passages.turned_away(address) {
                info!(%address, how, "late arrivals speak TLS: passed on to the server; new connections are turned away");
            }
        }
        true
    }

    /// Where the gate was left to us a rule is better than the plug alone: clients know at once.
    fn refuse_but_passing(&self, address: SocketAddr) -> Option<Refusal> {
        if self.gate != GateChoice::Auto || would_rule_the_node(in_kubernetes()) {
            return None;
        }
        let members = self.listeners.watched.iter().map(|watched| &watched.listener);
        let mut here = members.filter(|listener| listener.address.tcp() == Some(address));
        let v6only = here.find_map(|listener| listener.v6only).unwrap_or(false);
        if self.listeners.others().any(|other| refuse::concerns(address, v6only, other)) {
            return None;
        }
        let formed = Refusal::form(address, v6only).map(|refusal| refusal.sparing(PASSAGE_CLASS));
        let closed = formed.and_then(|mut refusal| refusal.close_gate().map(|()| refusal));
        closed.inspect_err(|error| debug!(%address, "new connections are not refused: {error}")).ok()
    }

    /// Those on their way to the server past the gate, and those who have got there. Queues first: a connection leaves its
    /// queue only after the desk has counted it.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        let mut all = Traffic::default();
        for group in &self.groups {
            let Some(passage) = self.passages.at(group.address()) else { continue };
            if passage.is_needed() {
                all.waited_for += u64::from(accept_queue(group.ours()).0.unwrap_or(0));
            }
            let Traffic { waited_for, passed_on } = passage.traffic();
            all.waited_for += waited_for;
            all.passed_on += passed_on;
        }
        all
    }

    /// The server is about to be told to stop, or has gone: nobody more is passed on to it.
    pub fn close_passages(&mut self) {
        self.passages.are_closed = true;
        self.passages.by_address.values().for_each(|passage| passage.close());
    }

    /// How often [`Self::turn_away`] is to be asked; `None`: nothing can become of it.
    #[must_use]
    pub fn pace(&self) -> Option<Duration> {
        let is_open = |group: &Group| !self.passages.turned_away.contains_key(&group.address());
        let may_be =
            |group: &Group| self.passages.at(group.address()).is_some_and(|known| known.may_speak_tls());
        (self.is_closed() && self.groups.iter().any(|group| is_open(group) && may_be(group))).then_some(PACE)
    }
}
