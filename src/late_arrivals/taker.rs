//! Taking the rest out of a listener that the server may still be accepting from.
//!
//! Its O_NONBLOCK is shared with the server's descriptor and must not be touched: where it blocks, so does this
//! thread, harmlessly, when the server was quicker. It ends when the listener is shut down.
use super::desk::{Counts, Kind, Work};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::{SocketFlags, accept_with};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::WeakUnboundedSender;

/// When no descriptor is to be had, the next attempt is so much later.
const RETRY: Duration = Duration::from_millis(10);

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
            match accept_with(&*listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
                Ok(connection) => {
                    let Some(desk) = work.upgrade() else { return };
                    counts[Kind::Rest as usize].opened();
                    // Not refused while `desk` lives.
                    let _ = desk.send(Work::Connection(connection, Kind::Rest));
                }
                Err(Errno::AGAIN) => {
                    if poll(&mut [PollFd::new(&*listener, PollFlags::IN)], None)
                        .is_err_and(|e| e != Errno::INTR)
                    {
                        return;
                    }
                }
                Err(Errno::CONNABORTED | Errno::INTR) => {}
                Err(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => std::thread::sleep(RETRY),
                Err(_) => return, // the server has shut its listener down: nothing is left in it
            }
        }
    };
    std::thread::Builder::new().name("the-rest".to_owned()).spawn(take).map(drop)
}
