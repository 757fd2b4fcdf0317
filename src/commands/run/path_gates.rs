//! The gates of unix listeners: formed, closed, kept and shut with those of TCP.
use super::gatekeeper::Gatekeeper;
use crate::cli::GateChoice;
use crate::sockets::gate::{GateError, PathGate};
use crate::sockets::unix;
use tracing::debug;

impl Gatekeeper {
    /// Forms the gates of the unix listeners that have none; those of listeners that are gone are undone. One that could
    /// not be gated is not tried again.
    pub(super) fn form_path_gates(&mut self) {
        let known = self.listeners.inodes();
        let is_gone = |gate: &mut PathGate| !known.contains(&gate.listener().inode);
        let strays: Vec<_> = self.paths.extract_if(.., is_gone).flat_map(PathGate::undo).collect();
        self.serve(strays);
        if self.gate == GateChoice::None {
            return;
        }
        let mut obstacles = Vec::new();
        for listener in self.listeners.watched.iter().map(|watched| &watched.listener) {
            if listener.address.unix().is_none() || !self.tried_paths.insert(listener.inode) {
                continue;
            }
            match PathGate::form(listener, self.listeners.processes()) {
                Ok(gate) => self.paths.push(gate),
                Err(error) => obstacles.push((listener.address.clone(), error)),
            }
        }
        for (address, error) in obstacles {
            match error {
                // No client is lost there, and nothing is to be done about it.
                GateError::Internal => {
                    debug!(%address, "no gate: {error}");
                    self.internal.insert(address);
                }
                GateError::Abstract
                | GateError::Refused { .. }
                | GateError::Privileged { .. }
                | GateError::NotDiverted { .. }
                | GateError::NotRefused { .. } => self.obstacle(address, error.to_string()),
            }
        }
    }

    /// Closes those that are open. A path where that fails is left to the server.
    pub(super) fn close_path_gates(&mut self) {
        for mut gate in std::mem::take(&mut self.paths) {
            if gate.is_closed() {
                self.paths.push(gate);
                continue;
            }
            let closed = match self.open_desk() {
                None => Err("nobody could answer late arrivals".to_owned()),
                Some(desk) => gate
                    .close()
                    .map_err(|error| error.to_string())
                    .and_then(|()| desk.accept_from(gate.ours(), None).map_err(|error| error.to_string())),
            };
            match closed {
                Ok(()) => self.paths.push(gate),
                Err(reason) => {
                    self.obstacle(gate.listener().address.clone(), reason);
                    let strays = gate.undo();
                    self.serve(strays);
                }
            }
        }
    }

    /// The server is about to be told to stop: from now on a path that it removes is put back.
    pub fn keep_paths(&self) {
        self.paths.iter().for_each(PathGate::keep);
    }

    /// The server is gone: nobody more is taken in at its unix listeners or at ours, and its paths are as it would have
    /// left them. Whoever is queued can still be accepted.
    pub(super) fn shut_unix(&mut self) {
        // First: a path that leads to the server's own socket again must not lead anybody in.
        for watched in &self.listeners.watched {
            if let Some(held) =
                watched.duplicate.as_ref().filter(|_| watched.listener.address.unix().is_some())
            {
                unix::shut(held);
            }
        }
        self.paths.iter_mut().for_each(PathGate::shut);
    }
}
