//! A place in a SO_REUSEPORT group: what a socket must share to be a member, and how one is made.
use super::GateError;
use super::program::{Routes, Target, assemble, nothing};
use crate::sockets::sys::{attach_filter, attach_reuseport_program, detach_filter, drops};
use nix::unistd::{Uid, setfsuid};
use rustix::io::Errno;
use rustix::net::sockopt::{
    set_ip_multicast_loop, set_ipv6_v6only, set_socket_reuseaddr, set_socket_reuseport,
};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};

/// The kernel cuts it down to net.core.somaxconn (listen(2)).
const LONGEST_BACKLOG: i32 = i32::MAX;

/// No port from here up needs a privilege, unless net.ipv4.ip_unprivileged_port_start says so (ip(7)).
const FIRST_UNPRIVILEGED: u16 = 1024;

/// What a socket must share to be a member: address, IPV6_V6ONLY and user.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The listener's address.
    pub address: SocketAddr,
    /// Whether an IPv6 socket is closed to IPv4 (IPV6_V6ONLY).
    pub v6only: bool,
    /// The file system user who made the server's socket.
    pub uid: u32,
}

impl Place {
    /// Makes a socket that is bound here and does not listen yet.
    ///
    /// SO_REUSEADDR is needed beside SO_REUSEPORT: the server's queued and open connections are bound here too.
    pub(super) fn bind(self) -> Result<OwnedFd, GateError> {
        let refused = |error: Errno| match error {
            Errno::ACCESS if self.address.port() < FIRST_UNPRIVILEGED => {
                GateError::Privileged { address: self.address }
            }
            error => self.refused("cannot bind a second socket to", error.into()),
        };
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
            // Has no effect on TCP, is inherited by every connection accepted here, and is shown by sock_diag: that
            // is how a look tells late arrivals, and what fills a plug, from the server's connections.
            set_ip_multicast_loop(&socket, false)?;
            bind(&socket, &self.address)?;
            Ok(socket)
        };
        bound().map_err(refused)
    }

    /// Tries on a socket that is nowhere bound whether programs are permitted. Else this would show only after our
    /// socket has joined, when some may have come to it by the kernel's own choice.
    pub(super) fn try_a_program(self) -> Result<(), GateError> {
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)
            .and_then(|socket| set_socket_reuseport(&socket, true).map(|()| socket))
            .map_err(|error| self.refused("cannot make a socket with SO_REUSEPORT for", error.into()))?;
        self.attach(&socket, Routes::to(Target::Member(0)))
    }

    /// Makes a socket that listens here, with the longest queue that the kernel permits.
    pub(super) fn listen(self) -> Result<OwnedFd, GateError> {
        let socket = self.bind()?;
        self.begin_to_listen(&socket)?;
        Ok(socket)
    }

    /// Makes a socket that listens here and hears nothing until [`Self::hear`]: whoever the kernel sends to it before a program stands
    /// has its SYN dropped, and comes to the server by the next one, a second later (RFC 6298).
    pub(super) fn listen_deaf(self) -> Result<OwnedFd, GateError> {
        let socket = self.bind()?;
        // Where that is refused, who comes meanwhile is a stray.
        let _ = deafen(&socket);
        self.begin_to_listen(&socket)?;
        Ok(socket)
    }

    /// Lets it hear. Says whether it may have missed somebody.
    pub(super) fn hear(self, socket: &OwnedFd) -> Result<bool, GateError> {
        match detach_filter(socket) {
            Ok(()) => Ok(drops(socket).unwrap_or(1) > 0),
            // It was never deaf.
            Err(error) if Errno::from_io_error(&error) == Some(Errno::NOENT) => Ok(false),
            Err(error) => Err(self.refused("cannot take the filter off a socket at", error)),
        }
    }

    fn begin_to_listen(self, socket: &OwnedFd) -> Result<(), GateError> {
        listen(socket, LONGEST_BACKLOG).map_err(|error| self.refused("cannot listen at", error.into()))
    }

    /// A socket belongs to the file system user of its maker (sock_alloc_inode()), and only sockets of one user
    /// form a group. Without CAP_SETUID this changes nothing, and the self-test tells.
    fn under_uid<T>(self, make: impl FnOnce() -> T) -> T {
        let before = setfsuid(Uid::from_raw(self.uid));
        let socket = make();
        setfsuid(before);
        socket
    }

    pub(super) fn attach(self, socket: &OwnedFd, routes: Routes) -> Result<(), GateError> {
        attach_reuseport_program(socket, &assemble(routes))
            .map_err(|error| self.refused("cannot attach a program to the sockets at", error))
    }

    pub(super) fn refused(self, step: &'static str, error: io::Error) -> GateError {
        GateError::Refused { step, address: self.address.into(), error }
    }
}

/// Has a socket hear nothing more: the kernel drops what comes to it.
pub(super) fn deafen(socket: impl AsFd) -> io::Result<()> {
    attach_filter(socket, &nothing())
}
