//! Clients that keep their connection alive: pools of other services, ingress controllers, browsers.
//!
//! They are a *closed loop*: each sends a request, waits for its answer, thinks, and sends the next one on the same
//! connection. While it thinks it watches the connection, as pools do: a close or a reset then costs nobody anything,
//! and it connects anew. So it does after `Connection: close`, after HTTP/1.0 and after a 503. What is lost is a request
//! that was sent and has no whole answer, as it may have been processed; that this was on a connection which had given
//! answers before is noted ([`Outcome::used`]).
//!
//! - `plan`: what the clients do. `client`: one of them. `burst`: the requests that it sends at once, and what becomes of
//!   each; `sending` writes them, [`reading`](super::reading) reads the answers, both at a time.
mod burst;
mod client;
mod plan;
mod race;
mod sending;

pub use plan::{Body, Framing, KeptAlivePlan};

use super::book::{Book, Now};
use super::verdict::Outcome;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

/// Kept-alive clients at work. Dropping it ends every connection.
#[derive(Debug)]
pub struct KeptAlive {
    book: Arc<Book>,
    stop: watch::Sender<bool>,
    clients: JoinHandle<()>,
}

impl KeptAlive {
    /// Starts the clients; each connects at once.
    ///
    /// # Panics
    /// Outside a tokio runtime with time and I/O.
    #[must_use]
    pub fn start(plan: KeptAlivePlan) -> Self {
        let book = Arc::new(Book::new());
        let (stop, stopped) = watch::channel(false);
        let clients = tokio::spawn(all(Arc::new(plan), Arc::clone(&book), stopped));
        Self { book, stop, clients }
    }

    /// How it stands: their requests.
    #[must_use]
    pub fn now(&self) -> Now {
        self.book.look()
    }

    /// How long they have been at work.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.book.started().elapsed()
    }

    /// Sends no more requests; those that are under way go on.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Stops, waits at most `limit` for the requests under way, and gives the outcome of every request, by number.
    /// What has not ended by then is abandoned, and has timed out in the phase it was in.
    pub async fn finish(mut self, limit: Duration) -> Vec<Outcome> {
        self.stop();
        let _ = timeout(limit, &mut self.clients).await;
        self.clients.abort();
        self.book.close()
    }
}

impl Drop for KeptAlive {
    fn drop(&mut self) {
        self.clients.abort();
    }
}

/// Owns the clients: when this task is aborted, they are.
async fn all(plan: Arc<KeptAlivePlan>, book: Arc<Book>, stopped: watch::Receiver<bool>) {
    let mut clients = JoinSet::new();
    for _ in 0..plan.clients {
        clients.spawn(client::run(Arc::clone(&plan), Arc::clone(&book), stopped.clone()));
    }
    while clients.join_next().await.is_some() {}
}
