//! Taking the rest out of a listener that the server may still be accepting from.
//!
//! Its O_NONBLOCK is shared with the server's descriptor and must not be touched: where it blocks, so does this
//! thread, harmlessly, when the server was quicker. It ends when the listener is shut down.
use super::accepting::{Next, RETRY, after};
use super::desk::{Counts, Kind, Work};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::Errno;
use rustix::net::{SocketFlags, accept_with};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use tokio::sync::mpsc::WeakUnboundedSender;

/// Starts the thread.
///
/// # Errors
/// When it cannot be had (EAGAIN: the pids limit).
pub(super) fn start(
    listener: Arc<OwnedFd>,
    work: WeakUnboundedSender<Work>,
    counts: Arc<[Counts; 2]>,
) -> io::Result<()> {
    let take = move || {
        loop {
            match poll(&mut [PollFd::new(&*listener, PollFlags::IN)], None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => std::thread::sleep(RETRY),
            }
            if work.strong_count() == 0 {
                return; // the desk is closed: whoever comes now is for others to accept
            }
            match take_one(&listener, &counts[Kind::Rest as usize]) {
                Ok(connection) => {
                    let Some(desk) = work.upgrade() else { return };
                    // Not refused while `desk` lives.
                    let _ = desk.send(Work::Connection(connection, Kind::Rest));
                }
                Err(Errno::AGAIN) => {}
                Err(error) => match after(error) {
                    Next::Again => {}
                    Next::Later => std::thread::sleep(RETRY),
                    Next::End => return,
                },
            }
        }
    };
    std::thread::Builder::new().name("the-rest".to_owned()).spawn(take).map(drop)
}

/// Accepts one, and counts it before it leaves the queue, so that it is at no time in neither. Where the listener
/// blocks that is not possible, or nobody would be counted for as long as nobody comes: it is counted right after.
fn take_one(listener: &OwnedFd, counts: &Counts) -> rustix::io::Result<OwnedFd> {
    let blocks = !fcntl_getfl(listener)?.contains(OFlags::NONBLOCK);
    if !blocks {
        counts.opened();
    }
    let accepted = accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK);
    match (blocks, &accepted) {
        (true, Ok(_)) => counts.opened(),
        (false, Err(_)) => counts.not_opened(),
        _ => {}
    }
    accepted
}
