//! The kernel's announcement that a socket is gone.
use super::refused::{self, What};
use netlink_sys::{Socket, protocols::NETLINK_SOCK_DIAG};
use rustix::io::Errno;
use std::io;

/// SKNLGRP_INET_TCP_DESTROY and SKNLGRP_INET6_TCP_DESTROY of linux/sock_diag.h.
const DESTROY_GROUPS: [u32; 2] = [1, 3];

/// Wakes its poller when a TCP socket of this network namespace is gone for good: the moment in which the last
/// connection ends, without polling for it.
#[derive(Debug)]
pub struct Endings(Socket);

impl Endings {
    /// Subscribes; the kernel lets anyone (NL_CFG_F_NONROOT_RECV in net/core/sock_diag.c).
    ///
    /// # Errors
    /// As [`super::SockDiag::open`]; ENOENT where TCP's table was refused before: without inet_diag nothing is announced.
    pub fn subscribe() -> io::Result<Self> {
        refused::may_be_asked(What::Netlink).and_then(|()| refused::may_be_asked(What::Tcp))?;
        let mut socket = refused::note(What::Netlink, Socket::new(NETLINK_SOCK_DIAG))?;
        socket.bind_auto()?;
        for group in DESTROY_GROUPS {
            socket.add_membership(group)?;
        }
        socket.set_non_blocking(true)?;
        Ok(Self(socket))
    }

    /// Forgets what has ended so far.
    pub fn clear(&self) {
        let mut buffer = [0u8; 1024];
        loop {
            match self.0.recv(&mut &mut buffer[..], 0).map_err(|error| Errno::from_io_error(&error)) {
                // ENOBUFS: more endings than fit.
                Ok(_) | Err(Some(Errno::NOBUFS | Errno::INTR)) => {}
                // EAGAIN: there are no more. All else would come again and again.
                Err(_) => return,
            }
        }
    }
}

impl std::os::fd::AsFd for Endings {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}
