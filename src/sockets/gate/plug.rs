//! The plug: closes our own socket without losing the handshake that arrives in that instant.
//!
//! A listening socket with backlog 0 holds one connection; with one of ours in it, it is full, and the kernel drops
//! new SYNs (`sk_acceptq_is_full()`, include/net/sock.h). Nothing can complete any more; what is in our queue is
//! the last. The clients whose SYNs were dropped try again after 1 s (RFC 6298) and are refused, if the network
//! namespace is still there.
use super::GateError;
use super::own::{OwnConnection, WITHIN, becomes_queued};
use super::place::Place;
use super::program::{Routes, Target};
use crate::sockets::counters;
use rustix::net::listen;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// How long after the last dropped SYN the network must be there to refuse its retransmission: TCP's initial
/// retransmission time-out (1 s, RFC 6298; TCP_TIMEOUT_INIT) and a margin for the way.
pub const RETRANSMISSION: Duration = Duration::from_millis(1200);

/// Full listening sockets at the end of a group.
///
/// One of them gets every SYN. Each time another member leaves, the last member takes its number, and a program
/// that named a number without member would let the kernel choose: so there are enough of them that the named one
/// always exists, and that only full ones are left when the others are gone.
#[derive(Debug)]
pub struct Plug {
    /// Closed before the connections that fill them.
    _full: Vec<OwnedFd>,
    _fillers: Vec<OwnConnection>,
    drops_before: Option<u64>,
}

impl Plug {
    /// Sets plugs behind member `ours` of a group, and behind those that joined after it, and points the program at them for first SYNs. ACKs go on to
    /// `ours`: a handshake that it answered by SYN cookie can still complete.
    pub(super) fn set(
        place: Place,
        ours: u32,
        joined_later: u32,
        attach: impl Fn(Routes) -> Result<(), GateError>,
    ) -> Result<Self, GateError> {
        let drops_before = counters::listen_drops().ok();
        let (mut full, mut fillers) = (Vec::new(), Vec::new());
        let others = Target::Member(ours);
        // Before there is a plug: `ours` may have got another number since the gate closed, and the first plug the old one.
        attach(Routes::to(others))?;
        let named = ours.saturating_add(1).saturating_add(joined_later);
        // One that is named, and one for each other member's number.
        for number in named..=named.saturating_mul(2) {
            let socket = place.bind()?;
            listen(&socket, 0).map_err(|error| place.refused("cannot plug", error.into()))?;
            let filler = OwnConnection::prepare(place.address, place.v6only)
                .map_err(|error| place.refused("cannot fill the plug at", error))?;
            attach(Routes { own: Some((filler.source(), number)), ..Routes::to(others) })?;
            filler.connect().map_err(|error| place.refused("cannot fill the plug at", error))?;
            if !becomes_queued(&socket, WITHIN) {
                attach(Routes::to(others))?;
                return Err(GateError::NotDiverted { address: place.address });
            }
            full.push(socket);
            fillers.push(filler);
        }
        attach(Routes { syn: Some(named), ..Routes::to(others) })?;
        Ok(Self { _full: full, _fillers: fillers, drops_before })
    }

    /// Whether SYNs were dropped since the plug was set, anywhere in the network namespace; unknown counts as yes.
    #[must_use]
    pub fn has_dropped(&self) -> bool {
        self.drops_before.is_none() || counters::listen_drops().ok() != self.drops_before
    }
}
