//! Accepting at the desk, and what an error of accept(2) means for whoever goes on.
use super::book::{Book, Kind};
use super::client::Client;
use super::passage::Passage;
use super::service::Service;
use super::taker;
use crate::stream::Acceptor;
use rustix::io::Errno;
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::Semaphore;

/// When nothing can be accepted for now, the next attempt is so much later.
pub const RETRY: Duration = Duration::from_millis(10);

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing was wrong with the listener: accept again at once.
    Again,
    /// After [`RETRY`]: descriptors or memory are lacking, or the network had an error that this connection
    /// inherited (accept(2)); others are still in the queue.
    Later,
    /// It does not listen any more: it has been shut down, and nothing is left in it.
    End,
}

/// Tells from accept(2)'s error.
#[must_use]
pub fn after(error: Errno) -> Next {
    match error {
        Errno::CONNABORTED | Errno::INTR => Next::Again,
        Errno::INVAL | Errno::BADF | Errno::NOTSOCK | Errno::OPNOTSUPP => Next::End,
        _ => Next::Later,
    }
}

/// Accepts whoever comes, as many at once as there are slots, until the listener does not listen any more.
///
/// # Errors
/// When it cannot be watched: descriptors or memory are lacking (epoll_ctl(2)).
pub async fn accept_all(
    listener: OwnedFd,
    passage: Option<Arc<Passage>>,
    kind: Kind,
    book: Book,
    slots: Arc<Semaphore>,
    service: Arc<Service>,
) -> io::Result<()> {
    let listener = Acceptor::of(listener)?;
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return Ok(()) };
        let accepted = poll_fn(|context| {
            let visit = passage.as_ref().map(Passage::visit);
            // The server may change that at any time.
            if kind == Kind::Rest && taker::blocks(&listener)? {
                return Poll::Ready(Err(Errno::DEADLK.into()));
            }
            let entry = book.opened(kind);
            match listener.poll_accept(context) {
                Poll::Ready(Ok(connection)) => Poll::Ready(Ok((connection, entry, visit))),
                Poll::Ready(Err(error)) => {
                    entry.withdrawn();
                    Poll::Ready(Err(error))
                }
                Poll::Pending => {
                    entry.withdrawn();
                    Poll::Pending
                }
            }
        });
        match accepted.await {
            Ok((connection, entry, visit)) => {
                let caller = service.caller(Client::of(connection), Vec::new(), visit);
                tokio::spawn(Arc::clone(&service).serve(Box::new(caller), entry, Some(slot)));
            }
            Err(error) => match Errno::from_io_error(&error).map_or(Next::Later, after) {
                Next::Again => {}
                Next::Later => tokio::time::sleep(RETRY).await,
                // We have shut it down ourselves, and it is empty.
                Next::End => return Ok(()),
            },
        }
    }
}
