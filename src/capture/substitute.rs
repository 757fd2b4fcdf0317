//! A socket of our own that is what the server's would have been, down to its owner: made, given the server's options,
//! and bound. What stands in the way is left to the kernel: the server's own bind(2) then goes on, and has its true
//! outcome.
use super::Untouched;
use super::address::address;
use super::credentials::Credentials;
use super::options::{self, Setting};
use super::target::{Kind, Target};
use nix::unistd::{Uid, setfsuid};
use rustix::fs::OFlags;
use rustix::net::{SocketFlags, SocketType, bind, socket_with};
use std::net::SocketAddr;
use std::os::fd::{OwnedFd, RawFd};

/// A bind(2) that can be made in the server's place.
#[derive(Debug)]
pub struct Substitute {
    /// Where it is to be bound.
    pub address: SocketAddr,
    /// Whether exec closes the server's descriptor.
    pub close_on_exec: bool,
    kind: Kind,
    fsuid: u32,
    nonblocking: bool,
}

impl Substitute {
    /// Understands what the call asks for, of the socket of this inode.
    ///
    /// # Errors
    /// Why it has to go on untouched.
    pub fn of(
        target: Target,
        fd: RawFd,
        inode: u64,
        (at, length): (u64, usize),
        settings: &[Setting],
    ) -> Result<Self, Untouched> {
        let kind = target.kind(fd)?.ok_or(Untouched::NotTcp)?;
        let address = address(target, at, length, kind)?;
        if address.port() == 0 {
            return Err(Untouched::AnyPort);
        }
        if !target.is_in_our_network()? {
            return Err(Untouched::OtherNetwork);
        }
        let credentials = target.credentials()?;
        if !credentials.may_bind(address.port()) {
            return Err(Untouched::Kernels);
        }
        repeatable(credentials, settings)?;
        let flags = target.flags(fd)?;
        if flags.contains(OFlags::from_bits_retain(libc::O_ASYNC.cast_unsigned())) {
            return Err(Untouched::NotRepeatable);
        }
        credentials.is_sole_holder(inode)?;
        Ok(Self {
            address,
            close_on_exec: flags.contains(OFlags::CLOEXEC),
            kind,
            fsuid: credentials.fsuid,
            nonblocking: flags.contains(OFlags::NONBLOCK),
        })
    }

    /// Makes the socket, sets the options again, and binds it.
    ///
    /// # Errors
    /// When the kernel refuses it: it will tell the server why.
    pub fn make(&self, settings: &[Setting]) -> Result<OwnedFd, Untouched> {
        let make = || {
            let mut flags = SocketFlags::CLOEXEC;
            flags.set(SocketFlags::NONBLOCK, self.nonblocking);
            let socket = socket_with(self.kind.family, SocketType::STREAM, flags, Some(self.kind.protocol))?;
            options::repeat(settings, &socket);
            bind(&socket, &self.address)?;
            Ok(socket)
        };
        // A socket belongs to the file system user of its maker (sock_alloc() in net/socket.c), and a group of
        // SO_REUSEPORT is of one user.
        let before = setfsuid(Uid::from_raw(self.fsuid));
        let made = make();
        setfsuid(before);
        made.map_err(|error: rustix::io::Errno| {
            tracing::debug!(%error, address = %self.address, "a bind of the server's fails");
            Untouched::Kernels
        })
    }
}

fn repeatable(credentials: Credentials, settings: &[Setting]) -> Result<(), Untouched> {
    let can = options::can_be_repeated(settings, credentials.same_capabilities);
    if can { Ok(()) } else { Err(Untouched::NotRepeatable) }
}
