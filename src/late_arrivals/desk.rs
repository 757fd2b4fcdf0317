//! The desk: a thread that accepts and answers.
use super::accepting::{Next, RETRY, after};
use super::answer::{Ending, answer};
use super::book::{Counts, Kind, Served, Work};
use super::taker::Taker;
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::future::poll_fn;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tracing::warn;

/// Descriptors that are left for everything but the connections at the desk.
const SPARE_DESCRIPTORS: u64 = 64;
/// With ever so few descriptors, so many connections are served at once.
const LEAST_AT_ONCE: u64 = 8;
/// tokio's runtime opens an epoll, a duplicate of it, an eventfd and a pair of sockets with a duplicate; some more
/// for the thread and the first connections.
const RUNTIME_DESCRIPTORS: usize = 10;

/// An open desk.
#[derive(Debug)]
pub struct Desk {
    work: mpsc::UnboundedSender<Work>,
    counts: Arc<[Counts; 2]>,
    thread: JoinHandle<()>,
    takers: Vec<Taker>,
}

impl Desk {
    /// Opens the desk: one more thread, which sleeps until there is work.
    ///
    /// # Errors
    /// When the thread cannot be had (EAGAIN: the pids limit), or the descriptors for it (EMFILE).
    pub fn open(silent_grace: Duration) -> io::Result<Self> {
        let (work, inbox) = mpsc::unbounded_channel();
        let counts = Arc::<[Counts; 2]>::default();
        let serving = Arc::clone(&counts);
        let at_once = at_once();
        // Where they lack, tokio panics instead of telling (its signal driver).
        let room = (0..RUNTIME_DESCRIPTORS).map(|_| eventfd(0, EventfdFlags::CLOEXEC));
        drop(room.collect::<rustix::io::Result<Vec<OwnedFd>>>()?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new()
            .name("late-arrivals".to_owned())
            .spawn(move || runtime.block_on(serve(inbox, serving, at_once, silent_grace)))?;
        Ok(Self { work, counts, thread, takers: Vec::new() })
    }

    /// Accepts all late arrivals of a listener of ours, which must not block, from now on.
    ///
    /// # Errors
    /// When no descriptor is to be had for it.
    pub fn accept_from(&self, listener: &OwnedFd) -> io::Result<()> {
        self.give(Work::Listener(listener.try_clone()?));
        Ok(())
    }

    /// Serves a connection that was accepted already. It is made not to block.
    pub fn serve(&self, connection: OwnedFd, kind: Kind) {
        self.counts[kind as usize].opened();
        self.give(Work::Connection(connection, kind));
    }

    /// Accepts all that is left in a listener of the server, in competition with the server, from now on.
    ///
    /// # Errors
    /// When the thread for it cannot be had.
    pub fn take_the_rest(&mut self, listener: Arc<OwnedFd>) -> io::Result<()> {
        self.takers.push(Taker::start(listener, self.work.downgrade(), Arc::clone(&self.counts))?);
        Ok(())
    }

    /// What became of the connections of this kind so far.
    #[must_use]
    pub fn served(&self, kind: Kind) -> Served {
        self.counts[kind as usize].served()
    }

    /// How many connections are being served.
    #[must_use]
    pub fn busy(&self) -> u64 {
        self.counts.iter().map(|counts| counts.served().open).sum()
    }

    /// Closes the desk and the listeners given to it. Whoever is still at it is reset: look at [`Self::busy`] first.
    pub fn close(self) {
        self.takers.into_iter().for_each(Taker::end);
        drop(self.work);
        // It has panicked, or ends at once.
        let _ = self.thread.join();
    }

    fn give(&self, work: Work) {
        // The thread ends only with this sender.
        let _ = self.work.send(work);
    }
}

async fn serve(
    mut inbox: mpsc::UnboundedReceiver<Work>,
    counts: Arc<[Counts; 2]>,
    at_once: usize,
    silent_grace: Duration,
) {
    let slots = Arc::new(Semaphore::new(at_once));
    while let Some(work) = inbox.recv().await {
        match work {
            Work::Listener(listener) => {
                let (counts, slots) = (Arc::clone(&counts), Arc::clone(&slots));
                tokio::spawn(async move {
                    if let Err(error) = accept_all(listener, counts, slots, silent_grace).await {
                        warn!(%error, "late arrivals can no longer be accepted");
                    }
                });
            }
            Work::Connection(connection, kind) => {
                let counts = Arc::clone(&counts);
                tokio::spawn(async move { serve_one(connection, kind, &counts, silent_grace).await });
            }
        }
    }
}

async fn accept_all(
    listener: OwnedFd,
    counts: Arc<[Counts; 2]>,
    slots: Arc<Semaphore>,
    silent_grace: Duration,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(TcpListener::from(listener))?;
    let late = &counts[Kind::LateArrival as usize];
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return Ok(()) };
        let accepted = poll_fn(|context| {
            // Counted before it leaves the queue, so that it is at no time in neither.
            late.opened();
            let accepted = listener.poll_accept(context);
            if !matches!(accepted, Poll::Ready(Ok(_))) {
                late.not_opened();
            }
            accepted
        });
        match accepted.await {
            Ok((connection, _)) => {
                let counts = Arc::clone(&counts);
                tokio::spawn(async move {
                    counts[Kind::LateArrival as usize].ended(answer(connection, silent_grace).await);
                    drop(slot);
                });
            }
            Err(error) => match Errno::from_io_error(&error).map_or(Next::Later, after) {
                Next::Again => {}
                Next::Later => tokio::time::sleep(RETRY).await,
                Next::End => return Err(error),
            },
        }
    }
}

async fn serve_one(connection: OwnedFd, kind: Kind, counts: &[Counts; 2], silent_grace: Duration) {
    let connection = TcpStream::from(connection);
    let registered =
        connection.set_nonblocking(true).and_then(|()| tokio::net::TcpStream::from_std(connection));
    let ending = match registered {
        Ok(stream) => answer(stream, silent_grace).await,
        Err(_) => Ending::Gone,
    };
    counts[kind as usize].ended(ending);
}

/// How many connections fit, after raising our own soft limit of descriptors to the hard one (the server was
/// started before, with the limit as it was). Whoever does not fit waits in the accept queue.
fn at_once() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    let limit = if raised { maximum } else { current }.unwrap_or(u64::MAX);
    let at_once = limit.saturating_sub(SPARE_DESCRIPTORS).max(LEAST_AT_ONCE);
    usize::try_from(at_once).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)
}
