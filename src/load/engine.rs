//! The open loop: starts connections on time, keeps the book of what becomes of each.
use super::Plan;
use super::book::{Book, Now};
use super::connection::ask_noting;
use super::verdict::{Local, Outcome, Phase, Verdict};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{timeout, timeout_at};

/// A load under way. Dropping it ends every connection.
#[derive(Debug)]
pub struct Load {
    book: Arc<Book>,
    stop: watch::Sender<bool>,
    pacer: JoinHandle<()>,
}

impl Load {
    /// Starts the load. Connection 0 starts at once, connection k at k/rate.
    ///
    /// # Panics
    /// Outside a tokio runtime with time and I/O.
    #[must_use]
    pub fn start(plan: Plan) -> Self {
        let book = Arc::new(Book::new());
        let (stop, stopped) = watch::channel(false);
        let pacer = tokio::spawn(pace(plan, Arc::clone(&book), stopped));
        Self { book, stop, pacer }
    }

    /// How it stands.
    #[must_use]
    pub fn now(&self) -> Now {
        self.book.look()
    }

    /// How long the load has been running.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.book.started().elapsed()
    }

    /// Starts no more connections; those that are open go on.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Stops, waits at most `limit` for every connection to end, and gives every outcome, in the order of the
    /// starts. What has not ended by then is abandoned, and has timed out in the phase it was in.
    pub async fn finish(mut self, limit: Duration) -> Vec<Outcome> {
        self.stop();
        let _ = timeout(limit, &mut self.pacer).await;
        self.pacer.abort();
        self.book.close()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.pacer.abort();
    }
}

/// Starts each connection when it is due, until stopped; then waits for those that are open. Owns them: when
/// this task is aborted, they are.
async fn pace(plan: Plan, book: Arc<Book>, mut stopped: watch::Receiver<bool>) {
    let mut open = JoinSet::new();
    for number in 0_u64.. {
        // A moment beyond the clock never comes; a day is as good, as every load is bounded.
        let due = book.started() + plan.due(number).min(Duration::from_hours(24));
        if timeout_at(due, stopped.wait_for(|stop| *stop)).await.is_ok() {
            break;
        }
        while open.try_join_next().is_some() {}
        let number = book.begin(Phase::Connect, false);
        if open.len() < plan.at_once {
            let (request, book) = (plan.request(number), Arc::clone(&book));
            open.spawn(async move {
                let verdict = ask_noting(&request, |phase| book.note(number, phase)).await;
                book.end(number, verdict);
            });
        } else {
            book.end(number, Verdict::NotTried(Local::TooManyAtOnce));
        }
    }
    while open.join_next().await.is_some() {}
}
