//! A client's connection: ours alone, or shared with the server.
//!
//! A shared one is the server's, with its mark (SO_RCVLOWAT) up so that the server does not read: below the mark no
//! readiness comes to us either, and lowering it would wake the server. So it is read by pace: looked at again after
//! a pause that grows with the silence. A byte is then late by no more than the silence before it took, and by
//! [`LONGEST_PAUSE`] at most, and a thousand silent clients cost a twentieth of a processor.
use crate::stream::Stream;
use rustix::io::{Errno, ioctl_fionbio};
use rustix::net::{RecvFlags, Shutdown, connect_unspec, recv, shutdown};
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
pub struct Client {
    stream: Stream,
    /// `None`: ours alone, read when it is ready. Few have one.
    pace: Option<Box<Pace>>,
}

/// When a shared connection is looked at again.
#[derive(Debug)]
struct Pace {
    pause: Duration,
    until: Option<Pin<Box<Sleep>>>,
}

impl Client {
    /// One that is ours alone.
    pub fn of(stream: Stream) -> Self {
        Self { stream, pace: None }
    }

    /// One that is ours alone, and may block still.
    ///
    /// # Errors
    /// When it cannot be watched: descriptors or memory are lacking (epoll_ctl(2)).
    pub fn of_descriptor(descriptor: OwnedFd) -> io::Result<Self> {
        ioctl_fionbio(&descriptor, true)?;
        Ok(Self::of(Stream::of(descriptor)?))
    }

    /// One that the server has too; its flags and its mark are left as they are.
    ///
    /// # Errors
    /// As [`Self::of_descriptor`].
    pub fn shared(duplicate: OwnedFd) -> io::Result<Self> {
        let stream = Stream::of(duplicate)?;
        Ok(Self { stream, pace: Some(Box::new(Pace { pause: FIRST_PAUSE, until: None })) })
    }

    /// The client's address, and the one it came to; `None`: it has gone, or is of the unix family.
    pub fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        self.stream.ends()
    }

    /// Whether the server has it too.
    pub fn is_shared(&self) -> bool {
        self.pace.is_some()
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
        if !self.is_shared() {
            return;
        }
        if matches!(recv(&self.stream, &mut [0], RecvFlags::DONTWAIT), Ok((_, 1..))) {
            return self.reset();
        }
        // ENOTCONN: it has ended already.
        let _ = shutdown(&self.stream, Shutdown::Both);
    }

    /// Ends it by a reset, shared or not, and nothing of it is left to read. On a unix socket it just ends: there a
    /// reset comes of unread bytes alone.
    pub fn reset(self) {
        // Disconnecting does so whoever else has the socket (tcp_disconnect in net/ipv4/tcp.c). Where it fails there is
        // no connection.
        let _ = connect_unspec(&self.stream);
    }
}

impl Pace {
    fn poll_read(
        &mut self,
        stream: &Stream,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if let Some(until) = &mut self.until {
                ready!(until.as_mut().poll(context));
                self.until = None;
            }
            match recv(stream, buffer.initialize_unfilled(), RecvFlags::DONTWAIT) {
                Ok((length, _)) => {
                    buffer.advance(length);
                    self.pause = FIRST_PAUSE;
                    return Poll::Ready(Ok(()));
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
        let Self { stream, pace } = &mut *self;
        match pace {
            Some(pace) => pace.poll_read(stream, context, buffer),
            None => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Client {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
