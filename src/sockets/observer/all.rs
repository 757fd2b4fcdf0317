//! What a look at everybody goes by, whichever the source.
use super::Judge;
use crate::sockets::connections::{Counters, Standing};
use crate::sockets::diag::Row;
use crate::sockets::memory::Memory;
use crate::sockets::watched::Watched;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

/// What a look at everybody goes by.
pub(super) struct All<'a> {
    pub watched: &'a [Watched],
    pub memory: &'a mut Memory,
    pub judge: Judge<'a>,
    pub silent_grace: Duration,
    /// The handshakes that count; all, where `None`.
    pub known: Option<&'a HashSet<SocketAddr>>,
}

impl All<'_> {
    /// What the connection of this row is to be counted as.
    pub fn judge(&mut self, row: &Row) -> Option<Standing> {
        let counters = Counters::of(row);
        (self.judge)(row, counters, self.memory.standing(row.cookie(), counters))
    }

    /// Whether a handshake with this peer counts.
    pub fn counts(&self, peer: SocketAddr) -> bool {
        self.known.is_none_or(|known| known.contains(&peer))
    }
}
