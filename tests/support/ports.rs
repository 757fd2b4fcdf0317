//! Ports that no neighbour takes: a server's until it has bound it, and one where nobody listens.
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with, sockopt};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{IntoRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixListener};
use std::sync::{Mutex, PoisonError};

/// Below it are the ports of well-known services.
const FIRST: u16 = 10_000;
/// How many ports one test program has for itself: more than its tests have servers at any time. As in
/// `tests/capture/probe.py`.
const BLOCK: u16 = 500;
/// The ports that the kernel gives to whoever asks for any, or connects (ip-sysctl.rst).
const EPHEMERAL: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// A port of the loopback interface for a server that is yet to bind it. The kernel gives it to nobody, since it is none
/// of the ephemeral ones, and no other test has it: each test program has a block of its own and goes round in it.
///
/// # Panics
/// When every port of this kind is taken.
pub fn free_port() -> u16 {
    static BLOCK_OF_OURS: Mutex<Option<Block>> = Mutex::new(None);
    let mut block = BLOCK_OF_OURS.lock().unwrap_or_else(PoisonError::into_inner);
    block.get_or_insert_with(Block::take).next()
}

/// An address of the loopback interface where every connection is refused, to the end of the test program: a socket is
/// bound there that never listens.
///
/// # Panics
/// When the kernel has no port left.
pub fn closed_port() -> SocketAddr {
    let socket = bound(0, false).expect("a free port");
    let address = getsockname(&socket).expect("its address");
    let _ = socket.into_raw_fd(); // kept until the process ends
    SocketAddr::try_from(address).expect("an address of IPv4")
}

/// Ports that belong to this test program, among all of this network namespace, while it has the name that says so.
struct Block {
    first: u16,
    given: u16,
    _name: UnixListener,
}

impl Block {
    fn take() -> Self {
        let end = first_ephemeral();
        let count = end.saturating_sub(FIRST) / BLOCK;
        assert!(count > 0, "no port from {FIRST} up lies below the first of {EPHEMERAL}, {end}");
        // The program that ran before this one has left connections behind (TIME-WAIT) in another block.
        let start = u16::try_from(std::process::id() % u32::from(count)).expect("less than a count of ports");
        let mut numbers = (start..count).chain(0..start);
        let taken = numbers.find_map(|number| {
            // Abstract names are one network namespace's, as ports are, and end with the process.
            let name = UnixAddress::from_abstract_name(format!("lameduck-test-ports-{number}")).ok()?;
            let name = UnixListener::bind_addr(&name).ok()?;
            Some(Self { first: FIRST + number * BLOCK, given: 0, _name: name })
        });
        taken.expect("a block of ports that no other test program has")
    }

    fn next(&mut self) -> u16 {
        let free = (0..BLOCK).find_map(|_| {
            let port = self.first + self.given;
            self.given = (self.given + 1) % BLOCK;
            bound(port, true).is_ok().then_some(port)
        });
        free.expect("a port of our block that nobody has")
    }
}

fn first_ephemeral() -> u16 {
    let range = fs::read_to_string(EPHEMERAL).expect(EPHEMERAL);
    let first = range.split_whitespace().next().and_then(|first| first.parse().ok());
    first.unwrap_or_else(|| panic!("{EPHEMERAL}: no port in {range:?}"))
}

/// A socket at a port of the loopback interface; at any for 0. It never listens: a duplicate that a process being
/// started has for a moment keeps no server with SO_REUSEADDR away.
fn bound(port: u16, reuse: bool) -> rustix::io::Result<OwnedFd> {
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    sockopt::set_socket_reuseaddr(&socket, reuse)?;
    bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    Ok(socket)
}
