//! What a way of running lameduck would take here, and what can therefore be promised. Pure: the trials come in as plain
//! facts. docs/hook.md has the same as a table.
use serde::Serialize;

/// What the trials have shown, and the options permit.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Facts {
    /// Which way lameduck would be run.
    pub way: Way,
    /// A connection that waits is seen without holding its listener.
    pub queue_is_seen: bool,
    /// What is in flight on an accepted connection is seen.
    pub in_flight_is_seen: bool,
    /// How the server's listeners would be held.
    pub capture: Capture,
    /// The gate that is wanted and works.
    pub gate: Gate,
    /// Parking is wanted, and connections can be duplicated and marked.
    pub parks: bool,
    /// Whoever drains ends in the instant in which the server's first process does.
    pub ends_with_the_server: bool,
}

/// A way of running lameduck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// It starts the server.
    Run,
    /// A hook in the server's container.
    Wait,
    /// A hook in a container beside it.
    Sidecar,
}

/// How the server's listeners would be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Capture {
    /// Bound by lameduck and passed on.
    Listen,
    /// Duplicated at the stop.
    Getfd,
    /// Made by lameduck in the server's place.
    Bind,
    /// Not at all.
    None,
}

/// What would keep new connections away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Gate {
    /// A TCP reset by nftables.
    Refuse,
    /// A socket of lameduck's own, which answers.
    Divert,
    /// Nothing.
    None,
}

/// How much can be promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Promise {
    /// Nobody who has reached the server is lost.
    Full,
    /// Some may be.
    Weaker,
    /// Nothing is seen and nothing can be kept away: the stop signal is held back for a while, no more.
    Nothing,
}

/// What would be done here.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// Which way lameduck would be run.
    pub way: Way,
    /// How the server's listeners would be held.
    pub capture: Capture,
    /// What would keep new connections away.
    pub gate: Gate,
    /// Whether requests on open connections would be parked.
    pub parks: bool,
    /// How much can be promised, at an ordinary stop.
    pub promise: Promise,
    /// What each kind of client can rely on, a sentence each.
    pub sentences: Vec<&'static str>,
}

impl Facts {
    /// What follows from them.
    pub fn plan(self) -> Plan {
        let Self { way, queue_is_seen, in_flight_is_seen, capture, gate, parks, ends_with_the_server } = self;
        // Where a listener is held, its queue is seen, and saved when time is over.
        let held = capture != Capture::None;
        let parks = parks && in_flight_is_seen;
        let full = held && gate != Gate::None && parks && !ends_with_the_server;
        let promise = match () {
            () if full => Promise::Full,
            () if held || gate != Gate::None || queue_is_seen => Promise::Weaker,
            () => Promise::Nothing,
        };
        let mut sentences = vec![self.of_new_connections(), self.of_open_connections(parks)];
        if way != Way::Run {
            sentences.push("A server that ends by itself calls no hook: its queue is lost.");
        }
        Plan { way, capture, gate, parks, promise, sentences }
    }

    fn of_new_connections(self) -> &'static str {
        let (held, is_hook) = (self.capture != Capture::None, self.way != Way::Run);
        match (held, self.gate) {
            (true, Gate::Refuse | Gate::Divert) => "New and queued connections: none is lost.",
            (true, Gate::None) if !is_hook => {
                "New and queued connections: one that comes while the server closes is answered by lameduck; there is no gate."
            }
            (true, Gate::None) => {
                "Queued connections are answered; there is no gate: one that comes when the hook has returned may be lost."
            }
            (false, Gate::Refuse) => {
                "New connections are refused; one that is still queued when the server closes is lost."
            }
            (false, Gate::Divert) => {
                "New connections come to lameduck, which has joined the server's group; one that is still queued when the server \
                 closes is lost."
            }
            (false, Gate::None) if self.queue_is_seen && is_hook => {
                "There is no gate: the hook returns when no connection comes any more (--settle) and nobody is queued; one that \
                 comes after that is lost when the server closes."
            }
            (false, Gate::None) if self.queue_is_seen => {
                "Queued connections are waited for; one that comes while the server closes is lost, unless the server has a \
                 SO_REUSEPORT group of its own."
            }
            (false, Gate::None) => {
                "Queued connections are not seen: those there when the server closes are lost."
            }
        }
    }

    fn of_open_connections(self, parks: bool) -> &'static str {
        match (parks, self.in_flight_is_seen) {
            (true, _) if self.ends_with_the_server => {
                "Open connections: no request is lost but one that comes in the instant in which the server's first process ends, \
                 and lameduck with it (TLS and HTTP/2: at a quiet instant)."
            }
            (true, _) => "Open connections: no request is lost (TLS and HTTP/2: at a quiet instant).",
            (false, true) => {
                "Open connections: requests that are being answered are waited for; one sent in the instant of the stop may be lost."
            }
            (false, false) => {
                "Open connections: what is being answered is not seen, and left to the server's own stop."
            }
        }
    }
}

impl Promise {
    /// The exit status, as the help has it.
    pub fn code(self) -> u8 {
        match self {
            Self::Full => 0,
            Self::Weaker => 1,
            Self::Nothing => 2,
        }
    }

    /// As it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Weaker => "weaker",
            Self::Nothing => "nothing",
        }
    }
}

#[cfg(test)]
mod tests;
