//! How new connections can be kept away, tried on a listener of our own.
use super::finding::Finding;
use crate::sockets::gate::{GateError, Group, refuse};
use crate::sockets::{Listener, listen};
use rustix::net::{SocketFlags, accept_with};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;

/// A second socket, a program, a switch, a plug: the whole gate.
pub fn divert() -> Finding {
    const SUBJECT: &str = "gate divert";
    match diverted() {
        Ok(true) => Finding::ok(
            SUBJECT,
            "a listener of ours was gated: its next connection came to the second socket",
        ),
        Ok(false) => Finding::missing(
            SUBJECT,
            "a listener of ours was gated, and its next connection went astray",
            "use --gate refuse",
        ),
        Err(error) => Finding::missing(
            SUBJECT,
            error.to_string(),
            "permit setsockopt SO_REUSEPORT and SO_ATTACH_REUSEPORT_CBPF, or use --gate refuse",
        ),
    }
}

fn diverted() -> Result<bool, GateError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let refused =
        |error| GateError::Refused { step: "cannot try a listener at", address: address.into(), error };
    let server = Arc::new(listen::at(address).map_err(|error| refused(io::Error::other(error)))?);
    let found = Listener::of(&server).map_err(refused)?;
    let address = found.address.tcp().unwrap_or(address);
    let mut strays = Vec::new();
    let group = Group::form(vec![server], address, found.uid, &mut strays)?;
    let tried = group.close_gate(&mut strays).and_then(|()| {
        let _client = TcpStream::connect(address).map_err(refused)?;
        let arrived = accept_with(&**group.ours(), SocketFlags::CLOEXEC).is_ok();
        group.plug(0)?;
        Ok(arrived)
    });
    drop(group.undo());
    tried
}

/// An nftables rule.
pub fn refuse() -> Finding {
    const SUBJECT: &str = "gate refuse";
    match refuse::permitted() {
        Ok(()) => Finding::ok(SUBJECT, "a connection of ours was refused by nftables"),
        Err(error) => Finding::missing(
            SUBJECT,
            error.to_string(),
            "add CAP_NET_ADMIN where late arrivals are to be refused rather than answered; nothing is lost without",
        ),
    }
}
