//! Joining a group that the server has made itself, without holding any of its sockets.
use super::super::GateError;
use super::super::place::Place;
use super::{Group, number};
use crate::sockets::listen;
use rustix::net::sockopt::set_socket_reuseport;
use rustix::process::geteuid;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::sync::Arc;

impl Group {
    /// Joins a group that the server has made itself, without a duplicate of any of its `members` sockets: each of them may leave at any time.
    ///
    /// The last member takes the number of one that leaves. With as many spares behind our socket as there are members
    /// before it, its own number stays its own until all of those have left. Until the gate is closed a member that leaves
    /// makes the program send its share to a spare: form the group anew then.
    ///
    /// # Errors
    /// As [`Self::form`]; EADDRINUSE where the server has not set SO_REUSEPORT, or is another user's.
    pub fn join(members: usize, place: Place, strays: &mut Vec<OwnedFd>) -> Result<Self, GateError> {
        place.try_a_program()?;
        let ours = Arc::new(place.listen_deaf()?);
        let (server, spares, marked) = (Vec::new(), Vec::new(), Vec::new());
        let mut group = Self {
            place,
            server,
            members: number(members),
            ours,
            spares,
            marked,
            passage: None,
            early_plug: None,
            missed: None,
        }
        .begun(strays)?;
        // The program stands: nobody is sent to them.
        for _ in 0..members {
            match place.listen() {
                Ok(spare) => group.spares.push(Arc::new(spare)),
                Err(error) => {
                    strays.extend(group.undo());
                    return Err(error);
                }
            }
        }
        // A number out of range can have led to ours by the kernel's own choice. Now it leads to a spare.
        group.tried(strays)
    }

    /// Whether a group of somebody else's could be joined, as far as can be seen without: a socket of ours is bound beside
    /// its members, never listens, and is closed. Nobody is sent to it.
    ///
    /// # Errors
    /// As [`Self::join`].
    pub fn could_be_joined(place: Place) -> Result<(), GateError> {
        place.try_a_program()?;
        place.bind().map(drop)
    }

    /// Whether a group can be joined here at all, tried on one of our own.
    ///
    /// # Errors
    /// As [`Self::join`].
    pub fn can_be_joined() -> Result<(), GateError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let refused = |error| GateError::Refused { step: "cannot listen at", address: address.into(), error };
        let first = listen::at(address).map_err(|error| refused(io::Error::other(error)))?;
        set_socket_reuseport(&first, true).map_err(|error| refused(error.into()))?;
        let first = TcpListener::from(first);
        let address = first.local_addr().map_err(refused)?;
        let place = Place { address, v6only: false, uid: geteuid().as_raw() };
        Self::join(1, place, &mut Vec::new()).map(|group| drop(group.undo()))
    }
}
