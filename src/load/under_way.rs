//! A load under way: how it stands, how it is stopped, what it comes to.
use super::book::{Book, Now};
use super::verdict::Outcome;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// A load under way: fresh connections or kept-alive clients. Dropping it ends every connection.
#[derive(Debug)]
pub struct UnderWay {
    book: Arc<Book>,
    stop: watch::Sender<bool>,
    clients: JoinHandle<()>,
}

impl UnderWay {
    /// Starts what `clients` makes of an empty book and the word to stop, and owns it: when this task is aborted, its
    /// connections are.
    ///
    /// # Panics
    /// Outside a tokio runtime with time and I/O.
    pub(super) fn start<C>(clients: impl FnOnce(Arc<Book>, watch::Receiver<bool>) -> C) -> Self
    where
        C: Future<Output = ()> + Send + 'static,
    {
        let book = Arc::new(Book::new());
        let (stop, stopped) = watch::channel(false);
        let clients = tokio::spawn(clients(Arc::clone(&book), stopped));
        Self { book, stop, clients }
    }

    /// How it stands.
    #[must_use]
    pub fn now(&self) -> Now {
        self.book.look()
    }

    /// Whether a connection or request has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.book.has_entries()
    }

    /// How long it has been under way.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.book.started().elapsed()
    }

    /// Begins no more connections or requests; those that are open go on.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Stops, waits at most `limit` for all to end, and gives every outcome, in the order of the starts. What has not
    /// ended by then is abandoned, and has timed out in the phase it was in.
    pub async fn finish(mut self, limit: Duration) -> Vec<Outcome> {
        self.stop();
        let _ = timeout(limit, &mut self.clients).await;
        self.clients.abort();
        self.book.close()
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.clients.abort();
    }
}
