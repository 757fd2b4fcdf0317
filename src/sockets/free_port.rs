//! A port of the loopback interface for a server that is yet to bind it.
//!
//! One that was asked of the kernel (port 0) and given back may be another's a moment later: the kernel gives it to whoever
//! connects or asks. So it is none of the ephemeral ones, and of a block that no other process has that looks for ports
//! here.
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with, sockopt};
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixListener};
use std::sync::{Mutex, PoisonError};

/// Below it are the ports of well-known services.
const FIRST: u16 = 10_000;
/// How many ports one process has for itself: more than it has servers at any time. As in `tests/capture/probe.py`.
const BLOCK: u16 = 500;
/// The ports that the kernel gives to whoever asks for any, or connects (ip-sysctl.rst).
const EPHEMERAL: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// A port that nobody has, and that nobody else is told of until this process has gone round its block.
///
/// # Errors
/// `AddrInUse`: every port or every block is taken; `InvalidData`: the kernel's range leaves none; the file's own.
pub fn free_port() -> io::Result<u16> {
    static BLOCK_OF_OURS: Mutex<Option<Block>> = Mutex::new(None);
    let mut block = BLOCK_OF_OURS.lock().unwrap_or_else(PoisonError::into_inner);
    if block.is_none() {
        *block = Some(Block::take()?);
    }
    block.as_mut().and_then(Block::next).ok_or_else(|| none_left("no port of our block is free"))
}

/// Ports that belong to this process, among all of this network namespace, while it has the name that says so.
struct Block {
    first: u16,
    given: u16,
    _name: UnixListener,
}

impl Block {
    fn take() -> io::Result<Self> {
        let range = fs::read_to_string(EPHEMERAL)?;
        let end = range.split_whitespace().next().and_then(|first| first.parse::<u16>().ok());
        let count = end.unwrap_or(0).saturating_sub(FIRST) / BLOCK;
        if count == 0 {
            let what =
                format!("{EPHEMERAL}: {BLOCK} ports from {FIRST} up do not lie below {}", range.trim());
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        // The process that ran before this one has left connections behind (TIME-WAIT) in another block.
        let start = u16::try_from(std::process::id() % u32::from(count)).unwrap_or(0);
        let mut numbers = (start..count).chain(0..start);
        let taken = numbers.find_map(|number| {
            // Abstract names are one network namespace's, as ports are, and end with the process.
            let name = UnixAddress::from_abstract_name(format!("lameduck-ports-{number}")).ok()?;
            let name = UnixListener::bind_addr(&name).ok()?;
            Some(Self { first: FIRST + number * BLOCK, given: 0, _name: name })
        });
        taken.ok_or_else(|| none_left("no block of ports is free"))
    }

    fn next(&mut self) -> Option<u16> {
        (0..BLOCK).find_map(|_| {
            let port = self.first + self.given;
            self.given = (self.given + 1) % BLOCK;
            is_free(port).then_some(port)
        })
    }
}

/// Tried by a socket that never listens: a duplicate that a process being started has for a moment keeps no server with
/// SO_REUSEADDR away.
fn is_free(port: u16) -> bool {
    let bound = || -> rustix::io::Result<()> {
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        sockopt::set_socket_reuseaddr(&socket, true)?;
        bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    };
    bound().is_ok()
}

fn none_left(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::AddrInUse, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::net::TcpListener;

    #[test]
    fn given_ports_that_are_taken_when_more_are_asked_for_then_each_is_another_and_can_be_bound() {
        let held: Vec<(u16, TcpListener)> = (0..20)
            .map(|_| {
                let port = free_port().unwrap();
                (port, TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap())
            })
            .collect();
        let all: HashSet<u16> = held.iter().map(|(port, _)| *port).collect();
        assert_eq!(all.len(), 20);
        let range = fs::read_to_string(EPHEMERAL).unwrap();
        let ephemeral: u16 = range.split_whitespace().next().unwrap().parse().unwrap();
        assert!(all.iter().all(|port| *port < ephemeral), "{all:?} of {range}");
    }
}
