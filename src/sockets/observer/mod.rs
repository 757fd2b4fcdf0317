//! One look at everything, by the strongest source that works here.
//!
//! What no source tells is `None`. Nothing here ever ends a drain.
//!
//! | file | subject |
//! |---|---|
//! | `queues` | the accept queues |
//! | `all` | what a look at everybody goes by |
//! | `by_diag`, `by_proc` | everybody, as each source shows them |
//! | `held` | what is asked of the server's connections themselves, where sock_diag does not tell |
mod all;
mod by_diag;
mod by_proc;
mod held;
mod queues;

use super::connections::{Counters, Standing};
use super::diag::Row;
use super::discovery::{self, Discovery};
use super::look::Look;
use super::memory::Memory;
use super::roll::{Called, Roll};
use super::source::{Source, Way};
use super::unix::{Connections, Unix};
use super::watched::Watched;
use super::{OwnCalls, Whose, counters};
use all::All;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Says what a connection is to be counted as, which by its counters alone would be the given standing.
pub type Judge<'a> = &'a mut dyn FnMut(&Row, Counters, Option<Standing>) -> Option<Standing>;

/// Looks at the server's listeners and their connections.
#[derive(Debug)]
pub struct Observer {
    source: Source,
    unix: Unix,
    /// The server's processes, once they are known.
    whose: Option<Whose>,
    watched: Vec<Watched>,
    memory: Memory,
    unix_connections: Connections,
    silent_grace: Duration,
    half_open_at_gate: Option<HashSet<SocketAddr>>,
    /// Nobody new can come.
    gate_is_closed: bool,
    /// Who comes to lameduck, and not to the server.
    own_calls: Option<Arc<OwnCalls>>,
    most_arrivals: u64,
    /// Who was there at the last look, when nobody new could come and nobody was on the way.
    roll: Option<Roll>,
}

impl Observer {
    /// Opens the strongest source; connections that never spoke count while younger than `silent_grace`.
    #[must_use]
    pub fn open(silent_grace: Duration) -> Self {
        Self {
            source: Source::open(),
            unix: Unix::default(),
            whose: None,
            watched: Vec::new(),
            memory: Memory::default(),
            unix_connections: Connections::default(),
            silent_grace,
            half_open_at_gate: None,
            gate_is_closed: false,
            own_calls: None,
            most_arrivals: 0,
            roll: None,
        }
    }

    /// The name of the source in use, for logs and the report.
    #[must_use]
    pub fn source(&self) -> &'static str {
        self.source.name()
    }

    /// Whether the last look showed more than are called one by one.
    #[must_use]
    pub fn shows_a_crowd(&self) -> bool {
        self.roll.as_ref().is_some_and(Roll::is_too_long)
    }

    /// Finds the listeners of a server ([`discovery::discover`]), whose connections are looked at from now on.
    pub fn discover(&mut self, whose: &Whose, ports: &[u16]) -> Discovery {
        self.whose = Some(whose.clone());
        let found = self.source.ask(
            |diag| discovery::discover(Some(diag), whose, ports),
            |_| discovery::discover(None, whose, ports),
        );
        found.unwrap_or_default()
    }

    /// The inodes of every listening TCP socket ([`discovery::table`]); `None` where they cannot be seen.
    pub fn table(&mut self) -> Option<HashSet<u64>> {
        self.source.ask(|diag| discovery::table(Some(diag)), |_| discovery::table(None))
    }

    /// From now on looks are at these.
    pub fn watch(&mut self, watched: Vec<Watched>) {
        self.unix_connections.watch(&mut self.unix, &watched);
        self.watched = watched;
        self.roll = None;
    }

    /// What is being looked at.
    #[must_use]
    pub fn watched(&self) -> &[Watched] {
        &self.watched
    }

    /// From now on only those handshakes count that are in progress now: all later ones are late arrivals. Where they are
    /// not shown, all go on counting.
    pub fn gate_closed(&mut self) {
        let Self { source, watched, .. } = self;
        let handshakes = source.ask(
            |diag| by_diag::handshakes(diag, watched).map(Some),
            |real| if real { by_proc::handshakes(watched).map(Some) } else { Ok(None) },
        );
        self.half_open_at_gate = handshakes.flatten();
        self.gate_is_closed = true;
    }

    /// Somebody may have come past the gate: who was there at the last look are not all.
    pub fn somebody_joined(&mut self) {
        self.roll = None;
    }

    /// There is no gate, or none any more: everybody who comes is the server's again.
    pub fn gate_opened(&mut self) {
        (self.gate_is_closed, self.half_open_at_gate, self.roll) = (false, None, None);
    }

    /// Looks at everything. Walks the node's whole table of connections: 0.25 ms and up.
    ///
    /// The order matters: a connection only moves from handshake to queue to server, so that one look that
    /// shows none in rows and then none in the queues has missed none.
    pub fn look(&mut self) -> Look {
        self.look_with(&mut |_, _, standing| standing)
    }

    /// The same; `judge` is shown each connection, may be shown one again, and says what it is to be counted as.
    pub fn look_with(&mut self, judge: Judge) -> Look {
        if self.watched.is_empty() {
            return Look::at_nobody();
        }
        // Who leaves a queue after this is among the accepted below; where nobody who is queued is.
        let shows_queued = self.source.shows_who_is_queued() && !self.unix_connections.are_watched();
        let queued_before = if shows_queued { None } else { self.queue().0 };
        let Self { source, unix, unix_connections, watched, memory, .. } = self;
        let (whose, silent_grace, known) =
            (self.whose.as_ref(), self.silent_grace, self.half_open_at_gate.as_ref());
        let mut all = All { watched, memory, judge, silent_grace, known };
        let mut roll = None;
        let look = source.ask_by(|way| match way {
            Way::SockDiag(diag) => by_diag::look(diag, &mut all).map(|(look, called)| {
                roll = Some(called);
                look
            }),
            Way::Proc { queues_are_real } => {
                roll = None;
                by_proc::look(whose, queues_are_real, &mut all)
            }
        });
        let mut look = look.unwrap_or_default();
        let unix_open = unix_connections.count(unix, silent_grace, &mut look);
        let queue = self.queue().0.max(queued_before);
        look.queue = match (look.queue, queue) {
            (Some(rows), Some(queue)) => Some(rows.max(queue)),
            (rows, queue) => queue.or(rows),
        };
        // The roll knows TCP connections only, and names that sock_diag gives.
        let nobody_new =
            self.gate_is_closed && unix_open == Some(0) && (look.queue, look.half_open) == (Some(0), Some(0));
        self.roll = roll.filter(|_| nobody_new);
        look
    }

    /// Asks for those one by one whom the last look showed, where nobody can have joined them since.
    pub fn call_roll(&mut self) -> Called {
        self.call_roll_with(&mut |_, _, standing| standing)
    }

    /// The same; `judge` says what each is to be counted as.
    pub fn call_roll_with(&mut self, judge: Judge) -> Called {
        match &mut self.roll {
            Some(roll) => roll.call(&mut self.source, &mut self.memory, self.silent_grace, judge),
            None => Called::Unknown,
        }
    }

    /// Those who come to this listener of lameduck's own are no arrivals.
    pub fn leave_out(&mut self, own_calls: Arc<OwnCalls>) {
        self.own_calls = Some(own_calls);
    }

    /// Connections completed in this network namespace so far ([`counters::passive_opens`]).
    pub fn arrivals(&mut self) -> Option<u64> {
        let Some(own_calls) = &self.own_calls else { return counters::passive_opens().ok() };
        // The namespace's first: one who comes in between is left out too early, and none is seen that was not there.
        let others = || Some(counters::passive_opens().ok()?.saturating_sub(own_calls.completed()));
        let mut arrivals = others()?;
        if arrivals > self.most_arrivals {
            // Perhaps one of ours, between its queue and its count.
            arrivals = arrivals.min(others()?);
        }
        self.most_arrivals = self.most_arrivals.max(arrivals);
        Some(self.most_arrivals)
    }
}
