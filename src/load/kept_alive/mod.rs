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

use super::UnderWay;
use super::book::Book;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Clients that keep their connection.
#[derive(Debug)]
pub enum KeptAlive {}

impl KeptAlive {
    /// Starts the clients; each connects at once. What is counted and told are their requests.
    ///
    /// # Panics
    /// Outside a tokio runtime with time and I/O.
    #[must_use]
    pub fn start(plan: KeptAlivePlan) -> UnderWay {
        UnderWay::start(|book, stopped| all(Arc::new(plan), book, stopped))
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
