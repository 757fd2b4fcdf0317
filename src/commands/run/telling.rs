//! What is told of the gate: as a whole, and of each listening socket.
use super::gatekeeper::Gatekeeper;
use crate::cli::GateChoice;
use crate::drain::SocketReport;
use crate::sockets::gate::{GateError, Group};
use crate::sockets::{Address, Listener, Watched};
use std::collections::HashSet;

/// The gate `divert`, by a group or by a path.
const DIVERTED: &str = "new connections came to lameduck";
/// The gate of a listener that speaks TLS.
const TURNED_AWAY: &str =
    "late arrivals spoke TLS: passed on to the server, then new connections were turned away";
/// Weaker than a gate over sockets that we hold.
const JOINED: &str = "joined the server's own group without holding its sockets: who is still queued at one that closes is lost";

impl Gatekeeper {
    /// The gate's kind, and why it is that.
    #[must_use]
    pub fn gate(&self) -> (&'static str, String) {
        let obstacles: Vec<&str> = self.obstacles.values().map(String::as_str).collect();
        if !self.groups.is_empty() || !self.refusals.is_empty() || !self.paths.is_empty() {
            let joined = self.groups.iter().any(Group::is_joined).then_some(JOINED);
            let weak: Vec<&str> = joined.into_iter().chain(obstacles).collect();
            let why = if weak.is_empty() { "works for every listener".to_owned() } else { weak.join("; ") };
            // Unix listeners cannot refuse, and a control socket says nothing of the gate before the clients.
            let refuses = self.groups.is_empty() && !self.refusals.is_empty();
            return (if refuses { "refuse" } else { "divert" }, why);
        }
        let why = match (self.gate, self.listeners.watched.is_empty()) {
            (GateChoice::None, _) => "--gate none".to_owned(),
            (_, true) if self.is_blind => "cannot see the server's processes in /proc".to_owned(),
            (_, true) if self.listeners.some_are_closed_to_us() => {
                "may not see what the server listens on".to_owned()
            }
            (_, true) => "the server has no listener".to_owned(),
            _ if obstacles.is_empty() => "no listener is held".to_owned(),
            _ => obstacles.join("; "),
        };
        ("none", why)
    }

    /// Each listening socket, in the order of their addresses.
    #[must_use]
    pub fn sockets(&self) -> Vec<SocketReport> {
        let mut all: Vec<(Address, SocketReport)> = Vec::new();
        for watched in &self.listeners.watched {
            let (gate, reason) = self.gate_of(watched);
            let capture = self.listeners.capture_of(watched);
            let listener = &watched.listener;
            all.push((listener.address.clone(), row(listener, gate, reason, capture)));
        }
        for (ignored, option) in &self.listeners.ignored {
            all.push((ignored.address.clone(), row(ignored, "none", (*option).to_owned(), "none")));
        }
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        all.into_iter().map(|(_, row)| row).collect()
    }

    fn gate_of(&self, watched: &Watched) -> (&'static str, String) {
        let address = &watched.listener.address;
        if let Some(gate) = address.tcp().and_then(|address| self.passages.turned_away(address)) {
            return (gate, TURNED_AWAY.to_owned());
        }
        if let Some(group) = self.groups.iter().find(|group| Some(group.address()) == address.tcp()) {
            return ("divert", if group.is_joined() { JOINED } else { DIVERTED }.to_owned());
        }
        if self.paths.iter().any(|gate| gate.listener().inode == watched.listener.inode) {
            return ("divert", DIVERTED.to_owned());
        }
        if self.refusals.iter().any(|refusal| Some(refusal.address()) == address.tcp()) {
            return ("refuse", "new connections were refused".to_owned());
        }
        if self.internal.contains(address) {
            return ("none", GateError::Internal.to_string());
        }
        let reason = match (self.obstacles.get(address), self.gate) {
            (Some(obstacle), _) => obstacle.clone(),
            (None, GateChoice::None) => "--gate none".to_owned(),
            (None, _) => "it is not held".to_owned(),
        };
        ("none", reason)
    }
}

fn row(listener: &Listener, gate: &'static str, gate_reason: String, capture: &'static str) -> SocketReport {
    SocketReport {
        address: listener.address.to_string(),
        holders: listener.holders.iter().map(|holder| holder.pid).collect::<HashSet<_>>().len(),
        queue_limit: listener.limit,
        gate,
        gate_reason,
        capture,
    }
}
