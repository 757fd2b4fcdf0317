//! A server's socket at a path, in this process: nobody accepts from it but the test.
use crate::scene::Place;
use lameduck::sockets::gate::{GateError, PathGate};
use lameduck::sockets::{Listener, unix};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, bind, listen, socket};
use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// It listens in a directory of its own.
pub struct Served {
    pub place: Place,
    pub path: PathBuf,
    pub socket: OwnedFd,
    pub listener: Listener,
}

impl Served {
    /// At a path of 60 bytes, with room for more clients than any test has.
    pub fn new() -> Self {
        Self::at(60, 10)
    }

    /// At a path of so many bytes, with this backlog.
    pub fn at(length: usize, backlog: i32) -> Self {
        let place = Place::new();
        let path = place.socket(length);
        let (socket, listener) = serve(&path, backlog);
        Self { place, path, socket, listener }
    }

    /// Its gate, formed.
    pub fn form(&self) -> PathGate {
        self.try_to_form().unwrap()
    }

    /// The same, if it can be.
    pub fn try_to_form(&self) -> Result<PathGate, GateError> {
        PathGate::form(&self.listener, &HashSet::new())
    }

    /// Its gate, closed.
    pub fn close(&self) -> PathGate {
        let mut gate = self.form();
        gate.close().unwrap();
        gate
    }

    /// A client that comes by the path.
    pub fn connect(&self) -> UnixStream {
        UnixStream::connect(&self.path).unwrap()
    }

    /// How many wait at the server and at us.
    pub fn queues(&self, gate: &PathGate) -> (Option<u32>, Option<u32>) {
        (unix::queue_of(&self.socket), unix::queue_of(gate.ours()))
    }
}

/// A socket that listens there.
pub fn serve(path: &Path, backlog: i32) -> (OwnedFd, Listener) {
    let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddrUnix::new(path).unwrap()).unwrap();
    listen(&socket, backlog).unwrap();
    let listener = Listener::of(&socket).unwrap();
    (socket, listener)
}
