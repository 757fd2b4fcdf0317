//! The low-water mark of a connection that the server holds too, and the bytes that wait under it.
//!
//! All of it works on a duplicate that is held for an instant: a held one swallows the server's own close().
use super::sys;
use super::tcp_info::{TCP_INFO_MAX, TcpInfo};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::{Errno, ioctl_fionbio, ioctl_fionread};
use rustix::net::sockopt::socket_recv_buffer_size;
use rustix::net::{RecvFlags, recv};
use std::io;
use std::os::fd::OwnedFd;

/// The mark of a parked connection, in bytes: no request's head reaches it. A higher one would open the receive window
/// for good: 2^30 gave a client 33 MB to push into one connection, this gives 2 MiB (tcp_set_rcvlowat() in
/// net/ipv4/tcp.c doubles it for the buffer).
pub const RAISED: u32 = 1 << 20;
/// The kernel's own (socket(7)).
const LOWERED: u32 = 1;
/// So much of a late request is taken at once; the rest is read later.
const FIRST_TAKE: usize = 64 * 1024;

/// What raising the mark has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raise {
    /// It is up, and all that has come until then had been read.
    Up,
    /// More has come: it is down again.
    TooLate,
    /// It is down again, because the server's calls have begun to block: one may have been caught ([`super::caught`]).
    Caught {
        /// Bytes that the server had sent by then.
        sent: u64,
    },
    /// The server's calls block: a recv(2) that begins under the mark would sleep even when it is lowered again.
    Blocking,
}

/// What a connection counts, at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) received: u64,
    unread: u64,
    sent: u64,
    delivered: bool,
}

impl Counts {
    fn read(&self) -> u64 {
        self.received.saturating_sub(self.unread)
    }
}

/// Raises the mark, if by then no more than `received` bytes have come and all are read.
///
/// # Errors
/// What the kernel or a seccomp filter refuses; the mark is down then.
pub fn raise(socket: &OwnedFd, received: u64) -> io::Result<Raise> {
    if !does_not_block(socket)? {
        return Ok(Raise::Blocking);
    }
    sys::set_receive_low_water_mark(socket, RAISED)?;
    // What came just before has woken the server, which will ask again and not be told.
    let now = counts(socket);
    let quiet = now.as_ref().is_ok_and(|now| now.received == received && now.unread == 0);
    // A call that blocks may have read all that came, and sleep for more: that looks quiet, too.
    if quiet && does_not_block(socket)? {
        return Ok(Raise::Up);
    }
    lower(socket)?;
    let sent = now?.sent;
    Ok(if does_not_block(socket)? { Raise::TooLate } else { Raise::Caught { sent } })
}

/// Lowers the mark. Whoever waits for bytes that are there is woken.
///
/// # Errors
/// What a seccomp filter refuses.
pub fn lower(socket: &OwnedFd) -> io::Result<()> {
    sys::set_receive_low_water_mark(socket, LOWERED)
}

/// How many bytes the server has read.
///
/// # Errors
/// getsockopt(2)'s and ioctl_tcp(2)'s own.
pub fn read(socket: &OwnedFd) -> io::Result<u64> {
    Ok(counts(socket)?.read())
}

/// How many bytes wait unread.
///
/// # Errors
/// ioctl_tcp(2)'s own.
pub fn unread(socket: &OwnedFd) -> io::Result<u64> {
    Ok(ioctl_fionread(socket)?)
}

/// The first of the bytes that wait; they go on waiting.
///
/// # Errors
/// recv(2)'s own; EAGAIN: nothing waits.
pub fn peek<'a>(socket: &OwnedFd, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    let (length, _) = recv(socket, &mut *buffer, RecvFlags::PEEK | RecvFlags::DONTWAIT)?;
    Ok(&buffer[..length])
}

/// Takes the bytes that wait, if the server has read `read` bytes and sent `sent`, all acknowledged, and no more, and
/// its calls do not block. `None`: that is not so, or the server was quicker now. Only what this took is ours.
///
/// # Errors
/// recv(2)'s own; ECONNRESET: the client is gone.
pub fn take(socket: &OwnedFd, read: u64, sent: u64) -> io::Result<Option<Vec<u8>>> {
    let now = counts(socket)?;
    let settled = now.read() == read && now.sent == sent && now.delivered;
    if !settled || !does_not_block(socket)? {
        return Ok(None);
    }
    take_all(socket)
}

/// Takes the bytes that wait on a connection that the server has let go, and makes it not block. `None`: there are none.
///
/// # Errors
/// As [`take`].
pub fn take_left(socket: &OwnedFd) -> io::Result<Option<Vec<u8>>> {
    ioctl_fionbio(socket, true)?;
    take_all(socket)
}

/// Whether the server has set a receive buffer of its own (SO_RCVBUF) in which the mark could not be raised as high: it is half of
/// that then, and the server is woken when so much has come, or no more fits.
///
/// # Errors
/// What a seccomp filter refuses.
pub fn is_clamped(socket: &OwnedFd) -> io::Result<bool> {
    // Without one, raising the mark has made the buffer larger than the mark (tcp_set_rcvlowat() in net/ipv4/tcp.c).
    Ok(socket_recv_buffer_size(socket)? < RAISED as usize)
}

/// As many of the bytes that wait as [`take`] would take; they go on waiting.
///
/// # Errors
/// As [`peek`].
pub fn peek_all(socket: &OwnedFd) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; FIRST_TAKE];
    let length = peek(socket, &mut bytes)?.len();
    bytes.truncate(length);
    Ok(bytes)
}

/// Whether the server's calls on it return at once.
fn does_not_block(socket: &OwnedFd) -> io::Result<bool> {
    Ok(fcntl_getfl(socket)?.contains(OFlags::NONBLOCK))
}

fn take_all(socket: &OwnedFd) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; FIRST_TAKE];
    match recv(socket, &mut bytes[..], RecvFlags::DONTWAIT) {
        Ok((0, _)) | Err(Errno::AGAIN) => Ok(None),
        Ok((length, _)) => {
            bytes.truncate(length);
            bytes.shrink_to_fit();
            Ok(Some(bytes))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) fn counts(socket: &OwnedFd) -> io::Result<Counts> {
    let mut buffer = [0; TCP_INFO_MAX];
    let info = TcpInfo(sys::tcp_info(socket, &mut buffer)?);
    // Linux 4.19 has all of them.
    let unknown = || io::Error::from(io::ErrorKind::Unsupported);
    let (received, sent) = info.bytes_received().zip(info.bytes_sent()).ok_or_else(unknown)?;
    let outstanding = info.unacknowledged().zip(info.not_sent()).ok_or_else(unknown)?;
    // After them: bytes that come in between make it more than was received, never less.
    Ok(Counts { received, unread: unread(socket)?, sent, delivered: outstanding == (0, 0) })
}
