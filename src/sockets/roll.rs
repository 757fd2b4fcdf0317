//! The roll: the server's connections behind a closed gate, asked for one by one.
//!
//! Once the gate is closed and queues and handshakes are empty, nobody can join the server any more: those whom one look
//! showed are all that there are. Asking for each costs about 4 µs, however many connections the node has; another look
//! walks the node's whole table.
use super::connections::{Counters, Standing};
use super::diag::{Name, Row};
use super::look::Look;
use super::memory::Memory;
use super::observer::Judge;
use super::source::Source;
use std::time::Duration;

/// Longer rolls cost more than a look on a small node.
const LONGEST: usize = 64;

/// Names, as a look comes by them.
#[derive(Debug, Default)]
pub struct Roll {
    all: Vec<Name>,
    working: Vec<Name>,
    too_long: bool,
}

/// What calling the roll shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Called {
    /// Everybody: as good as a look.
    Everybody(Look),
    /// There are too many to call all, and some of those called have a request unread or in flight.
    SomeWork,
    /// Only a look tells.
    Unknown,
}

impl Roll {
    /// Enters a connection.
    pub fn enter(&mut self, row: &Row, standing: Option<Standing>) {
        self.too_long |= self.all.len() == LONGEST;
        if !self.too_long {
            self.all.push(row.name());
        }
        if is_working(standing) && self.working.len() < LONGEST {
            self.working.push(row.name());
        }
    }

    /// Calls the roll. Those that are gone are struck off.
    pub fn call(
        &mut self,
        source: &mut Source,
        memory: &mut Memory,
        silent_grace: Duration,
        judge: Judge,
    ) -> Called {
        let names = if self.too_long { &mut self.working } else { &mut self.all };
        let mut look = Look::at_nobody();
        let (mut some_work, mut answered) = (false, true);
        names.retain(|name| {
            match source.ask(|diag| diag.connection(name).map(Some), |_| Ok(None)).flatten() {
                Some(Some(row)) => {
                    let counters = Counters::of(&row);
                    let standing = judge(&row, counters, memory.standing(row.cookie(), counters));
                    look.count(standing, silent_grace);
                    some_work |= is_working(standing);
                    true
                }
                Some(None) => false,
                None => {
                    answered = false;
                    true
                }
            }
        });
        match (answered, self.too_long) {
            (true, false) => Called::Everybody(look),
            (true, true) if some_work => Called::SomeWork,
            _ => Called::Unknown,
        }
    }
}

fn is_working(standing: Option<Standing>) -> bool {
    matches!(standing, Some(Standing::Unread | Standing::InFlight | Standing::Unclear))
}
