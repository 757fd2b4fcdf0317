//! Connections to the fellows, each to the next one in turn.
use super::Fellow;
use super::lookup::Lookups;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};
use tracing::{debug, warn};

/// A fellow that has not accepted by then is left for the next one: the client has not waited long yet.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);
/// So many are tried for one client; then it is answered, which sends it elsewhere.
const MOST_TRIES: usize = 3;
/// What a name was resolved to is good for so long: names of a Service change as its pods do.
const FRESH: Duration = Duration::from_secs(5);

/// The fellows, and what goes to them.
#[derive(Debug)]
pub struct Relay {
    fellows: Vec<Known>,
    turn: AtomicUsize,
    room: Semaphore,
    lookups: Lookups,
    /// The connections to fellows: our own end, and theirs.
    ours: Mutex<HashMap<SocketAddr, SocketAddr>>,
}

#[derive(Debug)]
struct Known {
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
    /// For these, of which there is at least one, with room for so many connections at once.
    pub fn new(fellows: Vec<Fellow>, at_once: usize) -> Self {
        let known = |fellow| Known { fellow, resolved: tokio::sync::Mutex::default() };
        Self {
            fellows: fellows.into_iter().map(known).collect(),
            turn: AtomicUsize::new(0),
            room: Semaphore::new(at_once),
            lookups: Lookups::default(),
            ours: Mutex::default(),
        }
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

    /// Connects to the next fellow that can be reached; `None`: to nobody, or there is no room for more.
    pub async fn connect(&self) -> Option<Link<'_>> {
        let room = self.room.try_acquire().ok()?;
        let turn = self.turn.fetch_add(1, Relaxed);
        let count = self.fellows.len();
        let mut tries = 0;
        for offset in 0..count {
            let known = &self.fellows[turn.wrapping_add(offset) % count];
            let mut addresses = known.addresses(&self.lookups).await;
            // Behind a name with several addresses each has its turn too.
            let first = (turn / count) % addresses.len().max(1);
            addresses.rotate_left(first);
            for address in addresses {
                if tries == MOST_TRIES {
                    return None;
                }
                tries += 1;
                let connected = timeout(CONNECT_WITHIN, TcpStream::connect(address)).await;
                let error = match connected.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into())) {
                    Ok(stream) => match stream.local_addr().map(canonical) {
                        Ok(own) => {
                            self.ours().insert(own, canonical(address));
                            // Pieces are passed on as they come. It cannot fail on a connection.
                            let _ = stream.set_nodelay(true);
                            return Some(Link { stream, own, relay: self, _room: room });
                        }
                        Err(error) => error,
                    },
                    Err(error) => error,
                };
                debug!(%error, fellow = %known.fellow, %address, "cannot relay to this fellow");
            }
        }
        None
    }

    fn ours(&self) -> MutexGuard<'_, HashMap<SocketAddr, SocketAddr>> {
        self.ours.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Where it listens now; nowhere, when its name cannot be looked up in time.
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
        let lookup = timeout(CONNECT_WITHIN, lookups.look_up(&self.fellow)).await;
        let found = match lookup.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into())) {
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
