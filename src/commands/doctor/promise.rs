//! What `lameduck run` would take here, and what can therefore be promised. Pure: the trials come in as plain facts.
use serde::Serialize;

/// What the trials have shown, and the options permit.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Facts {
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
    /// How the server's listeners would be held.
    pub capture: Capture,
    /// What would keep new connections away.
    pub gate: Gate,
    /// Whether requests on open connections would be parked.
    pub parks: bool,
    /// How much can be promised.
    pub promise: Promise,
    /// What each kind of client can rely on, a sentence each.
    pub sentences: Vec<&'static str>,
}

impl Facts {
    /// What follows from them.
    pub fn plan(self) -> Plan {
        let Self { queue_is_seen, in_flight_is_seen, capture, gate, parks } = self;
        // Where a listener is held, its queue is seen, and saved when time is over.
        let held = capture != Capture::None;
        let parks = parks && in_flight_is_seen;
        let full = held && gate != Gate::None && parks;
        let promise = match () {
            () if full => Promise::Full,
            () if held || gate != Gate::None || queue_is_seen => Promise::Weaker,
            () => Promise::Nothing,
        };
        let queue = match (held, gate) {
            (true, Gate::Refuse | Gate::Divert) => "New and queued connections: none is lost.",
            (true, Gate::None) => {
                "New and queued connections: one that comes while the server closes is answered by lameduck; there is no gate."
            }
            (false, Gate::Refuse | Gate::Divert) => {
                "New connections are refused; one that is still queued when the server closes is lost."
            }
            (false, Gate::None) if queue_is_seen => {
                "Queued connections are waited for; one that comes while the server closes is lost, unless the server has a \
                 SO_REUSEPORT group of its own."
            }
            (false, Gate::None) => {
                "Queued connections are not seen: those there when the server closes are lost."
            }
        };
        let open = match (parks, in_flight_is_seen) {
            (true, _) => "Open connections: no request is lost (TLS and HTTP/2: at a quiet instant).",
            (false, true) => {
                "Open connections: requests that are being answered are waited for; one sent in the instant of the stop may be lost."
            }
            (false, false) => {
                "Open connections: what is being answered is not seen, and left to the server's own stop."
            }
        };
        Plan { capture, gate, parks, promise, sentences: vec![queue, open] }
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
mod tests {
    use super::*;

    const ALL: Facts = Facts {
        queue_is_seen: true,
        in_flight_is_seen: true,
        capture: Capture::Getfd,
        gate: Gate::Divert,
        parks: true,
    };

    #[test]
    fn the_whole_promise_needs_a_hold_a_gate_and_parking() {
        assert_eq!(ALL.plan().promise, Promise::Full);
        for weaker in [
            Facts { capture: Capture::None, ..ALL },
            Facts { gate: Gate::None, ..ALL },
            Facts { parks: false, ..ALL },
            Facts { in_flight_is_seen: false, ..ALL },
        ] {
            assert_eq!(weaker.plan().promise, Promise::Weaker, "{weaker:?}");
        }
    }

    #[test]
    fn a_restricted_pod_keeps_new_connections_and_parks_none() {
        let plan = Facts { capture: Capture::Bind, parks: false, ..ALL }.plan();
        assert_eq!((plan.gate, plan.parks, plan.promise), (Gate::Divert, false, Promise::Weaker));
        assert_eq!(plan.sentences[0], "New and queued connections: none is lost.");
    }

    #[test]
    fn what_is_not_seen_and_not_held_is_not_drained() {
        let blind = Facts {
            queue_is_seen: false,
            in_flight_is_seen: false,
            capture: Capture::None,
            gate: Gate::None,
            parks: true,
        };
        assert_eq!(blind.plan().promise, Promise::Nothing);
        assert!(!blind.plan().parks, "what is in flight is not seen");
        assert_eq!(Facts { queue_is_seen: true, ..blind }.plan().promise, Promise::Weaker);
        assert_eq!(Facts { gate: Gate::Refuse, ..blind }.plan().promise, Promise::Weaker);
    }
}
