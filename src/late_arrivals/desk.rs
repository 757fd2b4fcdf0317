//! The desk, where is accepted and answered.
use super::accepting::accept_all;
use super::attendant::Attendant;
use super::book::{Book, Entry, Kind, Served, Work};
use super::client::Client;
use super::passage::{Passage, Visit};
use super::relay::Fellow;
use super::service::{Service, Settings};
use super::taker::{self, Taker};
use rustix::event::{EventfdFlags, eventfd};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tracing::warn;

/// Descriptors that are left for everything but the connections at the desk.
const SPARE_DESCRIPTORS: u64 = 64;
/// With ever so few descriptors, so many connections are served at once.
const LEAST_AT_ONCE: u64 = 8;
/// More relays at once are not begun: they would take 100 MB for their buffers, and two desks that relay to each other
/// stop here.
const MOST_RELAYS: usize = 4096;
/// tokio's runtime opens an epoll, a duplicate of it, an eventfd and a pair of sockets with a duplicate; some more
/// for the thread and the first connections.
const RUNTIME_DESCRIPTORS: usize = 10;

/// An open desk.
#[derive(Debug)]
pub struct Desk {
    work: mpsc::UnboundedSender<Work>,
    book: Book,
    service: Arc<Service>,
    attendant: Attendant,
    takers: Vec<Taker>,
}

impl Desk {
    /// Opens the desk: one more thread, which sleeps until there is work. Where it cannot be had (EAGAIN: the pids limit, or
    /// memory), who has the desk serves by [`Self::meanwhile`].
    ///
    /// # Errors
    /// When the descriptors for it cannot be had (EMFILE).
    pub fn open(settings: Settings) -> io::Result<Self> {
        let (work, inbox) = mpsc::unbounded_channel();
        let book = Book::default();
        let serving = book.clone();
        let fit = at_once();
        // A relay has two connections.
        let at_once = if settings.relay_to.is_some() { fit.div_ceil(2) } else { fit };
        let service = Arc::new(Service::new(settings, (fit / 2).clamp(1, MOST_RELAYS)));
        // Where they lack, tokio panics instead of telling (its signal driver).
        let room = (0..RUNTIME_DESCRIPTORS).map(|_| eventfd(0, EventfdFlags::CLOEXEC));
        drop(room.collect::<rustix::io::Result<Vec<OwnedFd>>>()?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let attendant = Attendant::of(runtime, attend(inbox, serving, at_once, Arc::clone(&service)));
        Ok(Self { work, book, service, attendant, takers: Vec::new() })
    }

    /// Accepts all late arrivals of a listener of ours, which must not block, from now on. Who speaks TLS takes the
    /// passage, where there is one.
    ///
    /// # Errors
    /// When no descriptor is to be had for it.
    pub fn accept_from(&self, listener: &OwnedFd, passage: Option<Arc<Passage>>) -> io::Result<()> {
        let (listener, kind) = (listener.try_clone()?, Kind::LateArrival);
        self.give(Work::Listener { listener, passage, kind });
        Ok(())
    }

    /// Relays whoever comes from now on to these, where the settings have it relay.
    pub fn relay_to(&self, fellows: Vec<Fellow>) {
        self.service.relay_to(fellows);
    }

    /// Serves a connection that was accepted already. It is made not to block.
    pub fn serve(&self, connection: OwnedFd, kind: Kind) {
        self.give_connection(connection, Vec::new(), kind, None);
    }

    /// Serves a late arrival that was accepted already, with this passage.
    pub fn serve_late(&self, connection: OwnedFd, passage: Option<&Arc<Passage>>) {
        self.give_connection(connection, Vec::new(), Kind::LateArrival, passage.map(Passage::visit));
    }

    /// Serves a late request, of which `taken` was read already. `connection` is a duplicate of the server's descriptor:
    /// its SO_RCVLOWAT mark is up, so that the server does not read, and it may block or not. Both stay as they are. The
    /// request is read to its end and answered, once, whatever is pipelined behind it; then the connection is shut
    /// down both ways, so that the server sees its end.
    pub fn serve_late_request(&self, connection: OwnedFd, taken: Vec<u8>) {
        self.give_connection(connection, taken, Kind::LateRequest, None);
    }

    /// Accepts all that is left in a listener of the server, in competition with the server, from now on.
    ///
    /// # Errors
    /// When the thread for it cannot be had, and the listener may block who serves.
    pub fn take_the_rest(&mut self, listener: &Arc<OwnedFd>) -> io::Result<()> {
        match Taker::start(Arc::clone(listener), self.work.downgrade(), self.book.clone()) {
            Ok(taker) => self.takers.push(taker),
            Err(error) if taker::blocks(listener)? => return Err(error),
            Err(_) => {
                let (listener, kind) = (listener.try_clone()?, Kind::Rest);
                self.give(Work::Listener { listener, passage: None, kind });
            }
        }
        Ok(())
    }

    /// The same where nobody else accepts from it any more, and without a thread for it.
    pub fn take_what_is_left(&self, listener: &Arc<OwnedFd>) {
        self.give(Work::Left { listener: Arc::clone(listener) });
    }

    /// Where the desk has no thread of its own, serves until this time is over (`None`: it never is) or `is_over` says so, which
    /// is asked every millisecond. Gives how much of the time is left to be waited: all of it, where there is a thread.
    pub fn meanwhile(&self, time: Option<Duration>, is_over: impl FnMut() -> bool) -> Option<Duration> {
        self.attendant.meanwhile(time, is_over)
    }

    /// What became of the connections of this kind so far.
    #[must_use]
    pub fn served(&self, kind: Kind) -> Served {
        self.book.served(kind)
    }

    /// How many connections are being served.
    #[must_use]
    pub fn busy(&self) -> u64 {
        self.book.open()
    }

    /// Closes the desk and the listeners given to it. Whoever is still at it is reset: look at [`Self::busy`] first.
    pub fn close(self) {
        self.takers.into_iter().for_each(Taker::end);
        drop(self.work);
        self.attendant.end();
    }

    fn give_connection(&self, connection: OwnedFd, taken: Vec<u8>, kind: Kind, visit: Option<Visit>) {
        self.give(Work::Connection { connection, taken, entry: self.book.opened(kind), visit });
    }

    fn give(&self, work: Work) {
        // What serves ends only with this sender.
        let _ = self.work.send(work);
    }
}

async fn attend(mut inbox: mpsc::UnboundedReceiver<Work>, book: Book, at_once: usize, service: Arc<Service>) {
    let slots = Arc::new(Semaphore::new(at_once));
    while let Some(work) = inbox.recv().await {
        let service = Arc::clone(&service);
        match work {
            Work::Listener { listener, passage, kind } => {
                let (book, slots) = (book.clone(), Arc::clone(&slots));
                tokio::spawn(async move {
                    if let Err(error) = accept_all(listener, passage, kind, book, slots, service).await {
                        warn!(%error, "nobody more can be accepted here");
                    }
                });
            }
            Work::Left { listener } => {
                tokio::spawn(taker::take_what_is_left(listener, book.clone(), move |connection, entry| {
                    serve_one(connection, Vec::new(), entry, None, Arc::clone(&service));
                }));
            }
            Work::Connection { connection, taken, entry, visit } => {
                serve_one(connection, taken, entry, visit, service);
            }
        }
    }
}

fn serve_one(connection: OwnedFd, taken: Vec<u8>, entry: Entry, visit: Option<Visit>, service: Arc<Service>) {
    let client = match entry.kind() {
        Kind::LateRequest => Ok(Client::shared(connection)),
        Kind::LateArrival | Kind::Rest => Client::of_descriptor(connection),
    };
    // Where descriptors lack it is closed, and counts as gone.
    if let Ok(client) = client {
        let caller = service.caller(client, taken, visit);
        tokio::spawn(service.serve(Box::new(caller), entry, None));
    }
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
