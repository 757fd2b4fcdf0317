//! The open loop: starts connections on time, keeps the book of what becomes of each.
use super::Plan;
use super::UnderWay;
use super::book::Book;
use super::connection::ask_noting;
use super::verdict::{Local, Phase, Verdict};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout_at;

/// Fresh connections at a fixed rate.
#[derive(Debug)]
pub enum Load {}

impl Load {
    /// Starts the load. Connection 0 starts at once, connection k at k/rate.
    ///
    /// # Panics
    /// Outside a tokio runtime with time and I/O.
    #[must_use]
    pub fn start(plan: Plan) -> UnderWay {
        UnderWay::start(|book, stopped| pace(plan, book, stopped))
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
