//! SIGINT, SIGTERM and SIGHUP: they end a trial early, and what it has started.
use super::trouble::Trouble;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals, from the moment they are waited for.
#[derive(Debug)]
pub struct Interrupts([Signal; 3]);

impl Interrupts {
    /// Waits for them from now on.
    ///
    /// # Errors
    /// When the machine cannot.
    pub fn expected() -> Result<Self, Trouble> {
        let expect = |kind| signal(kind).map_err(Trouble::machine("cannot wait for signals"));
        Ok(Self([
            expect(SignalKind::interrupt())?,
            expect(SignalKind::terminate())?,
            expect(SignalKind::hangup())?,
        ]))
    }

    /// What comes of `work`, which is given up when one of them comes; what it has started ends as it is dropped.
    ///
    /// # Errors
    /// Its own, or [`Trouble::Interrupted`].
    pub async fn end<T>(&mut self, work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        let mut work = pin!(work);
        poll_fn(|context| {
            if self.0.iter_mut().any(|interrupt| interrupt.poll_recv(context).is_ready()) {
                return Poll::Ready(Err(Trouble::Interrupted));
            }
            work.as_mut().poll(context)
        })
        .await
    }
}
