//! Whom the gate's desk is given: strays, late requests, the rest.
use super::gatekeeper::Gatekeeper;
use super::parking::LateRequest;
use crate::late_arrivals::{Desk, Kind};
use crate::sockets::{Watched, Whose};
use std::os::fd::OwnedFd;
use std::time::Duration;
use tracing::{debug, warn};

impl Gatekeeper {
    /// Takes whoever is queued at the server from now on, in competition with the server.
    pub fn take_the_rest(&mut self) {
        for watched in self.listeners.watched.clone() {
            self.take_the_rest_of(&watched);
        }
    }

    pub(super) fn take_the_rest_of(&mut self, watched: &Watched) {
        let Some(held) = &watched.duplicate else { return };
        if !self.taken.insert(watched.listener.inode) {
            return;
        }
        let Some(desk) = self.open_desk() else { return };
        if let Err(error) = desk.take_the_rest(held) {
            warn!(%error, address = %watched.listener.address, "cannot answer who is still queued beside the server");
            self.taken.remove(&watched.listener.inode);
        }
    }

    /// What could not be taken beside the server, now that no process of it is left. One that is not seen might accept.
    pub(super) fn take_what_is_left(&mut self) {
        if self.is_blind || self.whose == Whose::Unseen {
            return;
        }
        let Some(desk) = &self.desk else { return };
        for watched in &self.listeners.watched {
            let Some(held) = &watched.duplicate else { continue };
            if self.taken.insert(watched.listener.inode) {
                desk.take_what_is_left(held);
            }
        }
    }

    /// Where no process of the server holds a listener any more, nobody but us will accept from it.
    pub(super) fn take_what_nobody_holds(&mut self) {
        for watched in self.listeners.unheld() {
            debug!(address = %watched.listener.address, "no process of the server holds this listener");
            self.take_the_rest_of(&watched);
        }
    }

    /// Serves connections that came to us by the way.
    pub(super) fn serve(&mut self, strays: Vec<OwnedFd>) {
        if strays.is_empty() {
            return;
        }
        self.open_desk();
        if let Some(desk) = &self.desk {
            for stray in strays {
                let passage = self.passages.of(&stray);
                desk.serve_late(stray, passage);
            }
        }
    }

    /// Has late requests answered.
    pub fn answer(&mut self, late: Vec<LateRequest>) {
        if late.is_empty() {
            return;
        }
        if let Some(desk) = self.open_desk() {
            for (connection, taken) in late {
                desk.serve_late_request(connection, taken);
            }
        }
    }

    /// How many late requests are being answered.
    #[must_use]
    pub fn answering(&self) -> u32 {
        let open = self.desk.as_ref().map_or(0, |desk| desk.served(Kind::LateRequest).open);
        u32::try_from(open).unwrap_or(u32::MAX)
    }

    /// Where the desk has no thread of its own, serves until this time is over or `is_over` says so; gives how much of the time is
    /// left to be waited.
    pub(super) fn serve_meanwhile(
        &self,
        time: Option<Duration>,
        is_over: impl FnMut() -> bool,
    ) -> Option<Duration> {
        match &self.desk {
            Some(desk) => desk.meanwhile(time, is_over),
            None => time,
        }
    }

    pub(super) fn open_desk(&mut self) -> Option<&mut Desk> {
        if self.desk.is_none() {
            match Desk::open(self.settings.clone()) {
                Ok(desk) => self.desk = Some(desk),
                Err(error) => warn!(%error, "cannot answer late arrivals"),
            }
        }
        self.desk.as_mut()
    }
}
