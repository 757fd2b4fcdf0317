//! A client's connection: ours alone, or shared with the server.
//!
//! A shared one is the server's, with its mark (SO_RCVLOWAT) up so that the server does not read: below the mark no
//! readiness comes to us either, and lowering it would wake the server. So it is read by pace: looked at again after
//! a pause that grows with the silence. A byte is then late by no more than the silence before it took, and by
//! [`LONGEST_PAUSE`] at most, and a thousand silent clients cost a twentieth of a processor. It is written by pace, too,
//! where its buffer is full: the server may have it block at any time, and with it a runtime's calls.
use crate::stream::Stream;
use rustix::io::{Errno, ioctl_fionbio};
use rustix::net::{
    RecvFlags, SendFlags, Shutdown, connect_unspec, getpeername, getsockname, recv, send, shutdown,
};
use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// The pause after bytes: the smallest that tokio's timer knows.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
/// 10,000 silent clients, at 3 µs a look (benches/late_arrivals.rs), then cost half of one processor; nobody notices so
/// little.
const LONGEST_PAUSE: Duration = Duration::from_millis(64);
/// What is read at once by [`Client::read`].
const SCRATCH_SIZE: usize = 16 * 1024;

thread_local! {
    /// All connections read into the same buffer: a waiting one costs no memory for it.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_SIZE]);
}

/// A client's connection.
#[derive(Debug)]
pub struct Client(Way);

#[derive(Debug)]
enum Way {
    Own(Stream),
    /// Few: whoever waits costs no memory for it.
    Shared(Box<Shared>),
}

/// Its flags are the server's to change: no call may rely on them.
#[derive(Debug)]
struct Shared {
    socket: OwnedFd,
    reads: Pace,
    writes: Pace,
}

/// When a shared connection is tried again.
#[derive(Debug)]
struct Pace {
    pause: Duration,
    until: Option<Pin<Box<Sleep>>>,
}

impl Client {
    /// One that is ours alone.
    pub fn of(stream: Stream) -> Self {
        Self(Way::Own(stream))
    }

    /// One that is ours alone, and may block still.
    ///
    /// # Errors
    /// When it cannot be watched: descriptors or memory are lacking (epoll_ctl(2)).
    pub fn of_descriptor(descriptor: OwnedFd) -> io::Result<Self> {
        ioctl_fionbio(&descriptor, true)?;
        Ok(Self::of(Stream::of(descriptor)?))
    }

    /// One of TCP that the server has too; its flags and its mark are left as they are.
    pub fn shared(duplicate: OwnedFd) -> Self {
        let shared = Shared { socket: duplicate, reads: Pace::new(), writes: Pace::new() };
        Self(Way::Shared(Box::new(shared)))
    }

    /// The client's address, and the one it came to; `None`: it has gone, or is of the unix family.
    pub fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        match &self.0 {
            Way::Own(stream) => stream.ends(),
            Way::Shared(shared) => {
                let (peer, own) = (getpeername(&shared.socket).ok()??, getsockname(&shared.socket).ok()?);
                Some((peer.try_into().ok()?, own.try_into().ok()?))
            }
        }
    }

    /// Whether the server has it too.
    pub fn is_shared(&self) -> bool {
        matches!(self.0, Way::Shared(_))
    }

    /// Reads once, and hands over what came; 0 bytes: the client has closed its half.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn read(&mut self, take: impl FnOnce(&[u8])) -> io::Result<usize> {
        let mut take = Some(take);
        poll_fn(|context| {
            self.poll_take(context, |bytes| {
                if let Some(take) = take.take() {
                    take(bytes);
                }
            })
        })
        .await
    }

    /// The same, for whoever waits for something else as well.
    pub fn poll_take(
        &mut self,
        context: &mut Context<'_>,
        take: impl FnOnce(&[u8]),
    ) -> Poll<io::Result<usize>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            ready!(Pin::new(self).poll_read(context, &mut buffer))?;
            take(buffer.filled());
            Poll::Ready(Ok(buffer.filled().len()))
        })
    }

    /// The last there is to do with it. Of a shared one the server sees the end, and lets it go as well. A client that
    /// goes on sending is reset then: what it sent would be the server's to read.
    pub fn end(self) {
        let Way::Shared(shared) = &self.0 else { return };
        if matches!(recv(&shared.socket, &mut [0], RecvFlags::DONTWAIT), Ok((_, 1..))) {
            return self.reset();
        }
        // ENOTCONN: it has ended already.
        let _ = shutdown(&shared.socket, Shutdown::Both);
    }

    /// Ends it by a reset, shared or not, and nothing of it is left to read. On a unix socket it just ends: there a
    /// reset comes of unread bytes alone.
    pub fn reset(self) {
        // Disconnecting does so whoever else has the socket (tcp_disconnect in net/ipv4/tcp.c). Where it fails there is
        // no connection.
        let _ = match &self.0 {
            Way::Own(stream) => connect_unspec(stream),
            Way::Shared(shared) => connect_unspec(&shared.socket),
        };
    }
}

impl Pace {
    fn new() -> Self {
        Self { pause: FIRST_PAUSE, until: None }
    }

    /// Makes a call that does not block, again and again until it can be done.
    fn poll<T>(
        &mut self,
        context: &mut Context<'_>,
        mut call: impl FnMut() -> rustix::io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            if let Some(until) = &mut self.until {
                ready!(until.as_mut().poll(context));
                self.until = None;
            }
            match call() {
                Ok(done) => {
                    self.pause = FIRST_PAUSE;
                    return Poll::Ready(Ok(done));
                }
                Err(Errno::AGAIN) => {
                    self.until = Some(Box::pin(sleep(self.pause)));
                    self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                }
                Err(Errno::INTR) => {}
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
    }
}

impl AsyncRead for Client {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Way::Own(stream) => Pin::new(stream).poll_read(context, buffer),
            Way::Shared(shared) => {
                let Shared { socket, reads, .. } = &mut **shared;
                let call = || recv(&*socket, buffer.initialize_unfilled(), RecvFlags::DONTWAIT);
                let (length, _) = ready!(reads.poll(context, call))?;
                buffer.advance(length);
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl AsyncWrite for Client {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Way::Own(stream) => Pin::new(stream).poll_write(context, bytes),
            Way::Shared(shared) => {
                let Shared { socket, writes, .. } = &mut **shared;
                let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
                writes.poll(context, || send(&*socket, bytes, flags))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Way::Own(stream) => Pin::new(stream).poll_flush(context),
            Way::Shared(_) => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Way::Own(stream) => Pin::new(stream).poll_shutdown(context),
            Way::Shared(shared) => Poll::Ready(Ok(shutdown(&shared.socket, Shutdown::Write)?)),
        }
    }
}
