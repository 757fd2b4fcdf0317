//! The SO_REUSEPORT group of one address: the server's sockets and, behind them, ours.
use super::own::OwnConnection;
use super::program::{Routes, Target, assemble};
use super::{GateError, Plug};
use crate::sockets::sys::{attach_reuseport_program, detach_reuseport_program};
use nix::unistd::{Uid, setfsuid};
use rustix::net::sockopt::{
    ipv6_v6only, set_ip_multicast_loop, set_ipv6_v6only, set_socket_reuseaddr, set_socket_reuseport,
    socket_acceptconn, socket_reuseport,
};
use rustix::net::{AddressFamily, SocketFlags, SocketType, accept_with, bind, listen, socket_with};
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// The kernel cuts it down to net.core.somaxconn (listen(2)).
const LONGEST_BACKLOG: i32 = i32::MAX;

/// The server's sockets of one address, ours behind them, and the program over both.
#[derive(Debug)]
pub struct Group {
    place: Place,
    server: Vec<Arc<OwnedFd>>,
    ours: Arc<OwnedFd>,
    /// The server's sockets that were given SO_REUSEPORT by us.
    marked: Vec<Arc<OwnedFd>>,
}

/// What a socket must share to be a member: address, IPV6_V6ONLY and user.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub address: SocketAddr,
    pub v6only: bool,
    pub uid: u32,
}

impl Place {
    /// Makes a socket that is bound here and does not listen yet.
    ///
    /// SO_REUSEADDR is needed beside SO_REUSEPORT: the server's queued and open connections are bound here too.
    pub fn bind(self) -> Result<OwnedFd, GateError> {
        let refused = |error: io::Error| self.refused("cannot bind a second socket to", error);
        let socket = self.under_uid(|| {
            let family = if self.address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            socket_with(family, SocketType::STREAM, flags, None)
        });
        let bound = || -> rustix::io::Result<OwnedFd> {
            let socket = socket?;
            if self.address.is_ipv6() {
                set_ipv6_v6only(&socket, self.v6only)?;
            }
            set_socket_reuseaddr(&socket, true)?;
            set_socket_reuseport(&socket, true)?;
            bind(&socket, &self.address)?;
            Ok(socket)
        };
        bound().map_err(|error| refused(error.into()))
    }

    /// Tries on a socket that is nowhere bound whether programs are permitted. Else this would show only after our
    /// socket has joined, when some may have come to it by the kernel's own choice.
    fn try_a_program(self) -> Result<(), GateError> {
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)
            .and_then(|socket| set_socket_reuseport(&socket, true).map(|()| socket))
            .map_err(|error| self.refused("cannot make a socket with SO_REUSEPORT for", error.into()))?;
        self.attach(&socket, Routes { own: None, syn: None, others: Target::Member(0) })
    }

    /// Makes a socket that listens here, with the longest queue that the kernel permits.
    fn listen(self) -> Result<OwnedFd, GateError> {
        let socket = self.bind()?;
        // Has no effect on TCP, is inherited by every connection accepted here, and is shown by sock_diag: that
        // is how a look tells late arrivals from the server's connections.
        set_ip_multicast_loop(&socket, false)
            .and_then(|()| listen(&socket, LONGEST_BACKLOG))
            .map_err(|error| self.refused("cannot listen at", error.into()))?;
        Ok(socket)
    }

    /// A socket belongs to the file system user of its maker (sock_alloc_inode()), and only sockets of one user
    /// form a group. Without CAP_SETUID this changes nothing, and the self-test tells.
    fn under_uid<T>(self, make: impl FnOnce() -> T) -> T {
        let before = setfsuid(Uid::from_raw(self.uid));
        let socket = make();
        setfsuid(before);
        socket
    }

    fn attach(self, socket: &OwnedFd, routes: Routes) -> Result<(), GateError> {
        attach_reuseport_program(socket, &assemble(routes))
            .map_err(|error| self.refused("cannot attach a program to the sockets at", error))
    }

    pub fn refused(self, step: &'static str, error: io::Error) -> GateError {
        GateError::Refused { step, address: self.address, error }
    }
}

impl Group {
    /// Joins the server's sockets of one address with one of ours, and goes on sending everyone to the server.
    /// Whoever came to ours in the microseconds before the program stood is put into `strays`.
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
        let ours = place.listen().inspect_err(|_| unmark(&marked))?;
        let group = Self { place, server, ours: Arc::new(ours), marked };
        match group.try_the_way(group.to_server(), strays) {
            Ok(()) => Ok(group),
            Err(error) => {
                strays.extend(group.undo());
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
            let _ = self.attach(Routes { own: None, syn: None, others: self.to_server() });
        })
    }

    /// Puts a program in place that sends everyone to `others`, and sees a connection of our own reach our socket:
    /// as an exception while others still go to the server, by the way of all others once they do not.
    fn try_the_way(&self, others: Target, strays: &mut Vec<OwnedFd>) -> Result<(), GateError> {
        let Place { address, v6only, .. } = self.place;
        let own = OwnConnection::prepare(address, v6only)
            .map_err(|error| self.place.refused("cannot make a connection of lameduck's own to", error))?;
        let exception = (others == self.to_server()).then(|| (own.source(), self.our_number()));
        self.attach(Routes { own: exception, syn: None, others })?;
        own.connect().map_err(|error| self.place.refused("cannot connect to", error))?;
        let arrived = own
            .arrives_at(&self.ours, strays)
            .map_err(|error| self.place.refused("cannot accept at", error))?;
        if exception.is_some() {
            self.attach(Routes { own: None, syn: None, others })?;
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

    /// Opens the gate and leaves the group as if we had not been there. Gives the late arrivals still queued.
    #[must_use]
    pub fn undo(self) -> Vec<OwnedFd> {
        let _ = self.attach(Routes { own: None, syn: None, others: self.to_server() });
        let mut strays = Vec::new();
        while let Ok(stray) = accept_with(&*self.ours, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
            strays.push(stray);
        }
        self.detach();
        strays
    }

    /// Our socket closes first: it is the last member, and leaves the server's numbers as they are.
    fn detach(self) {
        let Self { server, ours, marked, .. } = self;
        drop(ours);
        if let Some(socket) = server.first() {
            let _ = detach_reuseport_program(socket);
        }
        unmark(&marked);
    }

    /// The listener's address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.place.address
    }

    /// Our socket; it does not block.
    #[must_use]
    pub fn ours(&self) -> &Arc<OwnedFd> {
        &self.ours
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
        u32::try_from(self.server.len()).unwrap_or(u32::MAX)
    }

    /// As [`Self::our_number`], unless the server has shut its sockets down (Twisted calls shutdown(2) before close(2)): then
    /// they have left the group in spite of our duplicates (reuseport_stop_listen_sock()), and the last member, ours, has
    /// taken the place of the first.
    fn number_after_the_stop(&self) -> u32 {
        let listens = |socket: &Arc<OwnedFd>| socket_acceptconn(socket).unwrap_or(true);
        if self.server.iter().any(listens) { self.our_number() } else { 0 }
    }

    fn attach(&self, routes: Routes) -> Result<(), GateError> {
        self.place.attach(&self.ours, routes)
    }
}

/// Sets SO_REUSEPORT where the server has not, on all or none; gives those sockets.
fn mark(server: &[Arc<OwnedFd>]) -> io::Result<Vec<Arc<OwnedFd>>> {
    let mut marked = Vec::new();
    for socket in server {
        if !socket_reuseport(socket).inspect_err(|_| unmark(&marked))? {
            set_socket_reuseport(socket, true).inspect_err(|_| unmark(&marked))?;
            marked.push(Arc::clone(socket));
        }
    }
    Ok(marked)
}

fn unmark(marked: &[Arc<OwnedFd>]) {
    for socket in marked {
        let _ = set_socket_reuseport(socket, false);
    }
}
