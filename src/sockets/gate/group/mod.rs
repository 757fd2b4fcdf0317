//! The SO_REUSEPORT group of one address: the server's sockets and, behind them, ours.
mod joining;
mod leaving;
mod marks;

use super::own::OwnConnection;
use super::place::Place;
use super::program::{Routes, Target};
use super::{GateError, Plug};
use marks::{mark, unmark};
use rustix::net::sockopt::{ipv6_v6only, socket_acceptconn};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

/// The server's sockets of one address, ours behind them, and the program over both.
#[derive(Debug)]
pub struct Group {
    place: Place,
    /// The server's sockets that we hold; none where we have joined.
    server: Vec<Arc<OwnedFd>>,
    /// How many sockets the server had when ours came behind them.
    members: u32,
    ours: Arc<OwnedFd>,
    /// Where the server's members may leave: sockets of ours that then take their numbers, so that the number of `ours`
    /// is never out of range and never another's.
    spares: Vec<Arc<OwnedFd>>,
    /// The server's sockets that were given SO_REUSEPORT by us.
    marked: Vec<Arc<OwnedFd>>,
    /// Where connections of ours get to the server, gate or no gate.
    passage: Option<SocketAddr>,
    /// Takes all new handshakes before the end. Behind `ours`, which closes first.
    early_plug: Option<Plug>,
    /// When ours began to hear, if it had missed somebody.
    missed: Option<Instant>,
}

impl Group {
    /// Joins the server's sockets of one address with one of ours, and goes on sending everyone to the server. Whoever was sent to ours in
    /// the microseconds before the program stood comes to the server a second later; where ours could not be made deaf for so
    /// long, it is put into `strays`.
    ///
    /// # Errors
    /// When the kernel refuses a step, or a connection of our own does not reach our socket. All is undone then.
    pub fn form(
        server: Vec<Arc<OwnedFd>>,
        address: SocketAddr,
        uid: u32,
        strays: &mut Vec<OwnedFd>,
    ) -> Result<Self, GateError> {
        let v6only =
            address.is_ipv6() && server.first().is_some_and(|socket| ipv6_v6only(socket).unwrap_or(true));
        let place = Place { address, v6only, uid };
        place.try_a_program()?;
        let marked = mark(&server)
            .map_err(|error| place.refused("cannot set SO_REUSEPORT on the server's socket at", error))?;
        let passage = OwnConnection::prepare(address, v6only).ok().map(|own| own.to());
        let members = number(server.len());
        let ours = Arc::new(place.listen_deaf().inspect_err(|_| unmark(&marked))?);
        let spares = Vec::new();
        Self { place, server, members, ours, spares, marked, passage, early_plug: None, missed: None }
            .begun(strays)
    }

    /// Sends everyone to the server, and only then hears.
    fn begun(mut self, strays: &mut Vec<OwnedFd>) -> Result<Self, GateError> {
        match self.attach(Routes::to(self.to_server())).and_then(|()| self.place.hear(&self.ours)) {
            Ok(has_missed) => {
                self.missed = has_missed.then(Instant::now);
                self.tried(strays)
            }
            Err(error) => {
                strays.extend(self.undo());
                Err(error)
            }
        }
    }

    fn tried(self, strays: &mut Vec<OwnedFd>) -> Result<Self, GateError> {
        match self.try_the_way(self.to_server(), strays) {
            Ok(()) => Ok(self),
            Err(error) => {
                strays.extend(self.undo());
                Err(error)
            }
        }
    }

    /// Sends everyone to our socket from now on. The late arrivals that the self-test met are put into `strays`.
    ///
    /// # Errors
    /// When a connection of our own does not reach our socket: the gate is open again then.
    pub fn close_gate(&self, strays: &mut Vec<OwnedFd>) -> Result<(), GateError> {
        self.try_the_way(Target::Member(self.our_number()), strays).inspect_err(|_| {
            // If this fails as well, the switch has failed too, and the old program stands.
            let _ = self.attach(Routes::to(self.to_server()));
        })
    }

    /// Puts a program in place that sends everyone to `others`, and sees a connection of our own reach our socket:
    /// as an exception while others still go to the server, by the way of all others once they do not.
    fn try_the_way(&self, others: Target, strays: &mut Vec<OwnedFd>) -> Result<(), GateError> {
        let Place { address, v6only, .. } = self.place;
        let own = OwnConnection::prepare(address, v6only)
            .map_err(|error| self.place.refused("cannot make a connection of lameduck's own to", error))?;
        let exception = (others == self.to_server()).then(|| (own.source(), self.our_number()));
        self.attach(Routes { own: exception, ..Routes::to(others) })?;
        own.connect().map_err(|error| self.place.refused("cannot connect to", error))?;
        let arrived = own
            .arrives_at(&self.ours, strays)
            .map_err(|error| self.place.refused("cannot accept at", error))?;
        if exception.is_some() {
            self.attach(Routes::to(others))?;
        }
        if arrived { Ok(()) } else { Err(GateError::NotDiverted { address }) }
    }

    /// Puts the plug in our socket's place for new handshakes: what comes out of our socket now is the last of it.
    /// `joined_later`: the members that have listened since we did.
    ///
    /// # Errors
    /// When the kernel refuses a step; the gate stands as it was.
    pub fn plug(&self, joined_later: usize) -> Result<Plug, GateError> {
        let joined_later = u32::try_from(joined_later).unwrap_or(u32::MAX);
        Plug::set(self.place, self.number_after_the_stop(), joined_later, |routes| self.attach(routes))
    }

    /// Turns new connections away from now on, but for those of ours at the passage: plugs before the end.
    ///
    /// # Errors
    /// As [`Self::plug`].
    pub fn turn_away(&mut self, joined_later: usize) -> Result<(), GateError> {
        if self.early_plug.is_none() {
            self.early_plug = Some(self.plug(joined_later)?);
        }
        Ok(())
    }

    /// The plug that was set before the end. It has to outlive the group.
    pub fn take_early_plug(&mut self) -> Option<Plug> {
        self.early_plug.take()
    }

    /// The last instant in which somebody's SYN may have been dropped when the group formed, if one was; it is sent again within
    /// [`super::RETRANSMISSION`].
    #[must_use]
    pub fn missed(&self) -> Option<Instant> {
        self.missed
    }

    /// The listener's address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.place.address
    }

    /// Where a connection of our own, from the same address and of [`super::PASSAGE_CLASS`], comes to the server; `None`: nowhere, as
    /// the server's sockets are not held.
    #[must_use]
    pub fn passage(&self) -> Option<SocketAddr> {
        self.passage
    }

    /// Our socket, which late arrivals come to; it does not block.
    #[must_use]
    pub fn ours(&self) -> &Arc<OwnedFd> {
        &self.ours
    }

    /// All sockets of ours: that one and its spares, which do not block either.
    pub fn sockets(&self) -> impl Iterator<Item = &Arc<OwnedFd>> {
        std::iter::once(&self.ours).chain(&self.spares)
    }

    /// Whether we hold none of the server's sockets.
    #[must_use]
    pub fn is_joined(&self) -> bool {
        self.server.is_empty()
    }

    /// The server's sockets, in no particular order.
    #[must_use]
    pub fn server(&self) -> &[Arc<OwnedFd>] {
        &self.server
    }

    fn to_server(&self) -> Target {
        Target::First(self.our_number())
    }

    /// We listened last, so that the server's sockets have the numbers before ours.
    fn our_number(&self) -> u32 {
        self.members
    }

    /// As [`Self::our_number`], unless the server has shut its sockets down (Twisted calls shutdown(2) before close(2)): then
    /// they have left the group in spite of our duplicates (reuseport_stop_listen_sock()), and the last member, ours, has
    /// taken the place of the first. Of those that we do not hold it is not known.
    fn number_after_the_stop(&self) -> u32 {
        let listens = |socket: &Arc<OwnedFd>| socket_acceptconn(socket).unwrap_or(true);
        if self.server.is_empty() || self.server.iter().any(listens) { self.our_number() } else { 0 }
    }

    fn attach(&self, routes: Routes) -> Result<(), GateError> {
        let passed = self.passage.map(|passage| (passage.ip(), self.to_server()));
        self.place.attach(&self.ours, Routes { passed, ..routes })
    }
}

fn number(members: usize) -> u32 {
    u32::try_from(members).unwrap_or(u32::MAX)
}
