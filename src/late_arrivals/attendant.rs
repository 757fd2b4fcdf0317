//! Who attends to the desk: a thread of its own or, where none is to be had, whoever has the desk, while he waits for
//! something else.
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tracing::warn;

/// How long somebody who waits serves before he looks whether it is over: the smallest time that tokio's timer knows.
const TURN: Duration = Duration::from_millis(1);

/// Who attends.
#[derive(Debug)]
pub enum Attendant {
    /// A thread, which sleeps until there is work.
    Thread(JoinHandle<()>),
    /// Whoever calls [`Attendant::meanwhile`].
    Caller(Arc<Runtime>),
}

impl Attendant {
    /// Begins to serve, on a runtime of one thread.
    pub fn of(runtime: Runtime, serving: impl Future<Output = ()> + Send + 'static) -> Self {
        let runtime = Arc::new(runtime);
        let (threads, served) = (Arc::clone(&runtime), runtime.spawn(serving));
        let thread = std::thread::Builder::new().name("late-arrivals".to_owned()).spawn(move || {
            // It has panicked, or ends with the desk.
            let _ = threads.block_on(served);
        });
        match thread {
            Ok(thread) => Self::Thread(thread),
            Err(error) => {
                warn!(%error, "no thread is to be had for late arrivals: they are answered beside everything else");
                Self::Caller(runtime)
            }
        }
    }

    /// Where there is no thread, serves until this time is over (`None`: it never is) or `is_over` says so. Gives how much of
    /// the time is left to be waited: all of it, where there is a thread.
    pub fn meanwhile(&self, time: Option<Duration>, mut is_over: impl FnMut() -> bool) -> Option<Duration> {
        let Self::Caller(runtime) = self else { return time };
        let begin = Instant::now();
        // Whoever is ready has a turn where it is over at once, too.
        runtime.block_on(tokio::task::yield_now());
        loop {
            let left = time.map(|time| time.saturating_sub(begin.elapsed()));
            if left == Some(Duration::ZERO) || is_over() {
                return Some(Duration::ZERO);
            }
            let turn = left.unwrap_or(TURN).min(TURN);
            runtime.block_on(async { tokio::time::sleep(turn).await });
        }
    }

    /// Ends what serves, which has been told to.
    pub fn end(self) {
        if let Self::Thread(thread) = self {
            // It has panicked, or ends at once.
            let _ = thread.join();
        }
    }
}
