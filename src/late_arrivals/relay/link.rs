//! The fellows, and the connections to them.
use super::lookup::Lookups;
use super::{Fellow, Round};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};
use tracing::warn;

/// A name that is not looked up by then has no address: the client has not waited long yet.
const LOOK_UP_WITHIN: Duration = Duration::from_secs(1);
/// What a name was resolved to is good for so long: names of a Service change as its pods do.
const FRESH: Duration = Duration::from_secs(5);

/// The fellows, and what goes to them.
#[derive(Debug)]
pub struct Relay {
    fellows: Mutex<Arc<[Known]>>,
    turn: AtomicUsize,
    room: Semaphore,
    lookups: Lookups,
    /// The connections to fellows: our own end, and theirs.
    ours: Mutex<HashMap<SocketAddr, SocketAddr>>,
}

/// One of them, and where it was found.
#[derive(Debug)]
pub(super) struct Known {
    fellow: Fellow,
    /// Held while a name is looked up: the others wait for the same answer.
    resolved: tokio::sync::Mutex<Option<(Instant, Vec<SocketAddr>)>>,
}

/// A connection to a fellow.
#[derive(Debug)]
pub struct Link<'relay> {
    /// The connection.
    pub stream: TcpStream,
    own: SocketAddr,
    relay: &'relay Relay,
    _room: SemaphorePermit<'relay>,
}

impl Relay {
    /// For these, with room for so many connections at once.
    pub fn new(fellows: Vec<Fellow>, at_once: usize) -> Self {
        Self {
            fellows: Mutex::new(known(fellows)),
            turn: AtomicUsize::new(0),
            room: Semaphore::new(at_once),
            lookups: Lookups::default(),
            ours: Mutex::default(),
        }
    }

    /// For these from now on, in place of the others. Who is on the way to one of those goes on.
    pub fn change(&self, fellows: Vec<Fellow>) {
        *self.fellows.lock().unwrap_or_else(PoisonError::into_inner) = known(fellows);
    }

    /// Whether a connection from `peer` that came in at `local` is a relay of ours. True by the time that it has spoken:
    /// it speaks after it is entered.
    pub fn is_ours(&self, peer: SocketAddr, local: SocketAddr) -> bool {
        // Our end alone does not tell: connections to different places may share a port. What is sent to a Service's
        // address comes in at another one, but then no other client has our own address.
        let to = self.ours().get(&canonical(peer)).copied();
        let is_ours = to.is_some_and(|to| to == canonical(local) || !peer.ip().to_canonical().is_loopback());
        if is_ours {
            warn!("--relay-to leads back to this server: answering");
        }
        is_ours
    }

    /// The way of one client, from fellow to fellow; each begins with the next one.
    pub fn round(&self) -> Round<'_> {
        let fellows = Arc::clone(&self.fellows.lock().unwrap_or_else(PoisonError::into_inner));
        Round::new(self, fellows, self.turn.fetch_add(1, Relaxed))
    }

    /// Where this one listens now; nowhere, when its name cannot be looked up in time.
    pub(super) async fn addresses(&self, known: &Known) -> Vec<SocketAddr> {
        known.addresses(&self.lookups).await
    }

    /// Room for one more connection.
    pub(super) fn room(&self) -> Option<SemaphorePermit<'_>> {
        self.room.try_acquire().ok()
    }

    fn ours(&self) -> MutexGuard<'_, HashMap<SocketAddr, SocketAddr>> {
        self.ours.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'relay> Link<'relay> {
    /// A connection to this fellow's address. It is entered before anything is said on it.
    pub(super) fn new(
        stream: TcpStream,
        address: SocketAddr,
        relay: &'relay Relay,
        room: SemaphorePermit<'relay>,
    ) -> io::Result<Self> {
        let own = canonical(stream.local_addr()?);
        relay.ours().insert(own, canonical(address));
        // Pieces are passed on as they come. It cannot fail on a connection.
        let _ = stream.set_nodelay(true);
        Ok(Self { stream, own, relay, _room: room })
    }
}

fn known(fellows: Vec<Fellow>) -> Arc<[Known]> {
    fellows.into_iter().map(|fellow| Known { fellow, resolved: tokio::sync::Mutex::default() }).collect()
}

impl Known {
    async fn addresses(&self, lookups: &Lookups) -> Vec<SocketAddr> {
        if let Some(address) = self.fellow.address() {
            return vec![address];
        }
        let mut resolved = self.resolved.lock().await;
        if let Some((at, addresses)) = &*resolved
            && at.elapsed() < FRESH
        {
            return addresses.clone();
        }
        let lookup = timeout(LOOK_UP_WITHIN, lookups.look_up(&self.fellow)).await;
        let found = match lookup.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(found) => found,
            Err(error) => {
                warn!(%error, fellow = %self.fellow, "cannot look this fellow's name up");
                Vec::new()
            }
        };
        resolved.insert((Instant::now(), found)).1.clone()
    }
}

impl Drop for Link<'_> {
    fn drop(&mut self) {
        self.relay.ours().remove(&self.own);
    }
}

/// One form for an address of IPv4, whether it was seen by a socket of IPv4 or of both.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
