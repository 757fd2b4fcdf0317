//! One client's way from fellow to fellow, until one can be reached that answers.
use super::link::{Known, Link, Relay};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tracing::debug;

/// A fellow that has not accepted by then is left for the next one: the client has not waited long yet.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);
/// So many are tried for one client; then it is answered, which sends it elsewhere.
const MOST_TRIES: usize = 3;

/// A way that begins with the fellow whose turn it is, and leads to each other one once.
#[derive(Debug)]
pub struct Round<'relay> {
    relay: &'relay Relay,
    fellows: Arc<[Known]>,
    turn: usize,
    /// How many fellows were come to.
    met: usize,
    /// Of the one that was come to last, those that were not tried.
    addresses: VecDeque<SocketAddr>,
    tries: usize,
}

impl<'relay> Round<'relay> {
    /// One that has not begun.
    pub(super) fn new(relay: &'relay Relay, fellows: Arc<[Known]>, turn: usize) -> Self {
        Self { relay, fellows, turn, met: 0, addresses: VecDeque::new(), tries: 0 }
    }

    /// Connects to the next fellow that can be reached; `None`: there is no other, or no room for more.
    pub async fn next(&mut self) -> Option<Link<'relay>> {
        loop {
            let room = self.relay.room()?;
            let address = self.next_address().await?;
            let connected = timeout(CONNECT_WITHIN, TcpStream::connect(address)).await;
            let connected = connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
            match connected.and_then(|stream| Link::new(stream, address, self.relay, room)) {
                Ok(link) => return Some(link),
                Err(error) => debug!(%error, %address, "cannot relay to this fellow"),
            }
        }
    }

    async fn next_address(&mut self) -> Option<SocketAddr> {
        let count = self.fellows.len();
        while self.tries < MOST_TRIES {
            if let Some(address) = self.addresses.pop_front() {
                self.tries += 1;
                return Some(address);
            }
            if self.met == count {
                break;
            }
            let next = &self.fellows[self.turn.wrapping_add(self.met) % count];
            self.addresses = self.relay.addresses(next).await.into();
            self.met += 1;
            // Behind a name with several addresses each has its turn too.
            let first = (self.turn / count) % self.addresses.len().max(1);
            self.addresses.rotate_left(first);
        }
        None
    }
}
