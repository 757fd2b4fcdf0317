//! Taking the rest out of a listener that the server may still be accepting from.
//!
//! Its O_NONBLOCK is shared with the server's descriptor and must not be touched: where it blocks, so does this
//! thread, harmlessly, when the server was quicker. Where no thread is to be had, whoever serves takes it: if it does not
//! block, or when nobody else can be quicker any more.
use super::accepting::{Next, RETRY, after};
use super::book::{Book, Entry, Kind, Work};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::Errno;
use rustix::net::{Shutdown, SocketFlags, accept_with, shutdown};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::WeakUnboundedSender;

/// When a thread that was told to end sits in accept(2), its listener is shut down after so long.
const ENDS_WITHIN: Duration = Duration::from_millis(100);

/// A thread that takes the rest.
#[derive(Debug)]
pub(super) struct Taker {
    /// The thread's; it is let go with it.
    listener: Weak<OwnedFd>,
    end: Arc<OwnedFd>,
    thread: JoinHandle<()>,
}

impl Taker {
    /// Starts it.
    ///
    /// # Errors
    /// When no thread (EAGAIN: the pids limit) or descriptor is to be had.
    pub fn start(listener: Arc<OwnedFd>, work: WeakUnboundedSender<Work>, book: Book) -> io::Result<Self> {
        let end = Arc::new(eventfd(0, EventfdFlags::CLOEXEC)?);
        let (held, until) = (Arc::downgrade(&listener), Arc::clone(&end));
        let thread = std::thread::Builder::new()
            .name("the-rest".to_owned())
            .spawn(move || take(&listener, &until, &work, &book))?;
        Ok(Self { listener: held, end, thread })
    }

    /// Ends it and lets its listener go. That others may hold the socket too is why it is closed and not shut down;
    /// only where the thread sits in accept(2), which the server has won, nothing else ends it.
    pub fn end(self) {
        // Cannot fail: the counter is far from its limit.
        let _ = rustix::io::write(&self.end, &1_u64.to_ne_bytes());
        let patience = Instant::now() + ENDS_WITHIN;
        while !self.thread.is_finished() {
            if Instant::now() > patience {
                if let Some(listener) = self.listener.upgrade() {
                    // ENOTCONN: it does not listen any more.
                    let _ = shutdown(&*listener, Shutdown::Both);
                }
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = self.thread.join();
    }
}

fn take(listener: &OwnedFd, end: &OwnedFd, work: &WeakUnboundedSender<Work>, book: &Book) {
    loop {
        let mut ready =
            [PollFd::new(listener, PollFlags::IN | PollFlags::RDHUP), PollFd::new(end, PollFlags::IN)];
        match poll(&mut ready, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => std::thread::sleep(RETRY),
        }
        if !ready[1].revents().is_empty() {
            return; // whoever comes now is for others to accept
        }
        match take_one(listener, book) {
            Ok((connection, entry)) => {
                let Some(desk) = work.upgrade() else { return };
                // Not refused while `desk` lives.
                let _ = desk.send(Work::Connection { connection, taken: Vec::new(), entry, visit: None });
            }
            // A unix listener that is shut for reading is readable for ever; when it is empty, it stays so.
            Err(Errno::AGAIN) if ready[0].revents().contains(PollFlags::RDHUP) => return,
            Err(Errno::AGAIN) => {}
            Err(error) => match after(error) {
                Next::Again => {}
                Next::Later => std::thread::sleep(RETRY),
                Next::End => return,
            },
        }
    }
}

/// The same beside other tasks, of a listener that nobody else accepts from any more. It may block, and then cannot be
/// watched: it is asked every [`RETRY`].
pub(super) async fn take_what_is_left(listener: Arc<OwnedFd>, book: Book, serve: impl Fn(OwnedFd, Entry)) {
    loop {
        while is_readable(&listener) {
            match take_one(&listener, &book) {
                Ok((connection, entry)) => serve(connection, entry),
                Err(error) => match after(error) {
                    Next::Again => {}
                    Next::Later => break,
                    Next::End => return,
                },
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

fn is_readable(listener: &OwnedFd) -> bool {
    let mut ready = [PollFd::new(listener, PollFlags::IN)];
    poll(&mut ready, Some(&Timespec::default())) == Ok(1)
}

/// Whether accept(2) waits for somebody.
pub(super) fn blocks(listener: impl AsFd) -> rustix::io::Result<bool> {
    Ok(!fcntl_getfl(listener)?.contains(OFlags::NONBLOCK))
}

/// Accepts one, and counts it before it leaves the queue, so that it is at no time in neither. Where the listener
/// blocks that is not possible, or nobody would be counted for as long as nobody comes: it is counted right after.
fn take_one(listener: &OwnedFd, book: &Book) -> rustix::io::Result<(OwnedFd, Entry)> {
    let counted = (!blocks(listener)?).then(|| book.opened(Kind::Rest));
    match accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
        Ok(connection) => Ok((connection, counted.unwrap_or_else(|| book.opened(Kind::Rest)))),
        Err(error) => {
            counted.into_iter().for_each(Entry::withdrawn);
            Err(error)
        }
    }
}
