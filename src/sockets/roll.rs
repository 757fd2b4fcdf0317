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

/// Who is called answers so.
enum Answer {
    /// It is to be counted as this.
    Here(Option<Standing>),
    Gone,
    /// The kernel tells nothing.
    None,
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

    /// Whether there are too many to call all.
    #[must_use]
    pub fn is_too_long(&self) -> bool {
        self.too_long
    }

    /// Calls the roll. Those that are gone are struck off.
    pub fn call(
        &mut self,
        source: &mut Source,
        memory: &mut Memory,
        silent_grace: Duration,
        judge: Judge,
    ) -> Called {
        let mut ask =
            |name: &Name| match source.ask(|diag| diag.connection(name).map(Some), |_| Ok(None)).flatten() {
                Some(Some(row)) => {
                    let counters = Counters::of(&row);
                    Answer::Here(judge(&row, counters, memory.standing(row.cookie(), counters)))
                }
                Some(None) => Answer::Gone,
                None => Answer::None,
            };
        if self.too_long {
            return self.find_work(ask);
        }
        let (mut look, mut answered) = (Look::at_nobody(), true);
        self.all.retain(|name| match ask(name) {
            Answer::Here(standing) => {
                look.count(standing, silent_grace);
                true
            }
            Answer::Gone => false,
            Answer::None => {
                answered = false;
                true
            }
        });
        if answered { Called::Everybody(look) } else { Called::Unknown }
    }

    /// One that works says as much as all who do; it is asked first the next time.
    fn find_work(&mut self, mut ask: impl FnMut(&Name) -> Answer) -> Called {
        let mut next = 0;
        while next < self.working.len() {
            match ask(&self.working[next]) {
                Answer::Here(standing) if is_working(standing) => {
                    self.working.swap(0, next);
                    return Called::SomeWork;
                }
                Answer::Here(_) => next += 1,
                Answer::Gone => {
                    self.working.swap_remove(next);
                }
                Answer::None => return Called::Unknown,
            }
        }
        Called::Unknown
    }
}

fn is_working(standing: Option<Standing>) -> bool {
    matches!(standing, Some(Standing::Unread | Standing::InFlight | Standing::Unclear))
}
