//! Stream connections and listeners, TCP or unix: one type for whoever reads, writes and accepts either.
use crate::sockets::{Address, UnixName};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::socket_domain;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, accept_with, connect, socket_with,
};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// A connected stream socket.
#[derive(Debug)]
pub enum Stream {
    /// Of either IP family.
    Tcp(TcpStream),
    /// Of the unix family.
    Unix(UnixStream),
}

impl Stream {
    /// Takes over a connected socket, which must not block.
    ///
    /// # Errors
    /// When it cannot be watched: descriptors or memory are lacking (epoll_ctl(2)); or it has no address.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O.
    pub fn of(socket: OwnedFd) -> io::Result<Self> {
        Ok(if is_unix(&socket)? {
            Self::Unix(UnixStream::from_std(socket.into())?)
        } else {
            Self::Tcp(TcpStream::from_std(socket.into())?)
        })
    }

    /// Connects.
    ///
    /// # Errors
    /// connect(2)'s own; of a unix socket ENOENT: nothing is at the path; EAGAIN: its queue is full.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O.
    pub async fn connect(to: &Address) -> io::Result<Self> {
        let name = match to {
            Address::Tcp(address) => return TcpStream::connect(address).await.map(Self::Tcp),
            Address::Unix(UnixName::Path(path)) => SocketAddrUnix::new(path)?,
            Address::Unix(UnixName::Abstract(name)) => SocketAddrUnix::new_abstract_name(name)?,
        };
        // Done at once or not at all.
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        connect(&socket, &name)?;
        Self::of(socket)
    }

    /// The other end's address and port, and its own; `None`: it has gone, or is of the unix family.
    #[must_use]
    pub fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        let Self::Tcp(stream) = self else { return None };
        Some((stream.peer_addr().ok()?, stream.local_addr().ok()?))
    }
}

/// A listening stream socket that is accepted from.
#[derive(Debug)]
pub enum Acceptor {
    /// Of either IP family.
    Tcp(TcpListener),
    /// Of the unix family.
    Unix(UnixListener),
}

impl Acceptor {
    /// Takes over a listening socket, which must not block.
    ///
    /// # Errors
    /// As [`Stream::of`].
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O.
    pub fn of(socket: OwnedFd) -> io::Result<Self> {
        Ok(if is_unix(&socket)? {
            Self::Unix(UnixListener::from_std(socket.into())?)
        } else {
            Self::Tcp(TcpListener::from_std(socket.into())?)
        })
    }

    /// Accepts one. EINVAL: it has been shut down, and is empty.
    ///
    /// # Errors
    /// accept(2)'s own.
    pub fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        match self {
            // tokio would find it readable for ever.
            Self::Unix(listener) if is_shut(listener) => Poll::Ready(accept_the_last(listener)),
            Self::Tcp(listener) => listener.poll_accept(context).map_ok(|(stream, _)| Stream::Tcp(stream)),
            Self::Unix(listener) => listener.poll_accept(context).map_ok(|(stream, _)| Stream::Unix(stream)),
        }
    }
}

impl AsFd for Acceptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix(listener) => listener.as_fd(),
        }
    }
}

/// Whether a unix listener takes nobody more.
fn is_shut(listener: &UnixListener) -> bool {
    let mut listener = [PollFd::new(listener, PollFlags::RDHUP)];
    poll(&mut listener, Some(&Timespec::default())).is_ok()
        && listener[0].revents().contains(PollFlags::RDHUP)
}

/// Accepts from a unix listener that takes nobody more.
fn accept_the_last(listener: &UnixListener) -> io::Result<Stream> {
    match accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
        Ok(connection) => Stream::of(connection),
        Err(Errno::AGAIN) => Err(Errno::INVAL.into()),
        Err(error) => Err(error.into()),
    }
}

fn is_unix(socket: &OwnedFd) -> io::Result<bool> {
    Ok(socket_domain(socket)? == AddressFamily::UNIX)
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
