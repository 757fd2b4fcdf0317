//! Load that never pauses on a real server, with something that happens in the middle.
use super::PATIENCE;
use super::server::Server;
use lameduck::load::{Load, Plan, Slow, Tally};
use std::num::NonZeroU64;
use std::process::ExitStatus;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// After the server is gone the load goes on for so long, so that whoever comes in the last instant is seen.
const TAIL: Duration = Duration::from_millis(300);
/// How often the server is looked at.
const PACE: Duration = Duration::from_millis(5);

/// `rate` fresh connections a second; one request in 25 takes half a second.
pub fn plan(server: &Server, rate: f64) -> Plan {
    Plan {
        target: server.target(),
        rate,
        host: "localhost".into(),
        path: "/".into(),
        slow: NonZeroU64::new(25).map(|every| Slow { every, path: "/slow".into() }),
        pause: Duration::ZERO,
        client_timeout: PATIENCE * 2,
        at_once: 5000,
    }
}

/// What became of everything.
#[derive(Debug)]
pub struct Result {
    /// Of the connections.
    pub tally: Tally,
    /// Of what the test started.
    pub status: ExitStatus,
}

/// Loads the server until `backlog` clients are waiting, does something to it, and goes on until it is gone.
///
/// # Panics
/// When the backlog does not grow, or the server does not go.
pub fn until_gone(server: &mut Server, plan: Plan, backlog: usize, stop: impl FnOnce(&Server)) -> Result {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let load = Load::start(plan);
        while load.now().unanswered < backlog {
            assert!(load.elapsed() < PATIENCE, "the load is below the server's capacity: {:?}", load.now());
            tokio::time::sleep(PACE).await;
        }
        stop(server);
        let status = loop {
            if let Some(status) = server.try_wait() {
                break status;
            }
            assert!(load.elapsed() < PATIENCE * 2, "the server does not go");
            tokio::time::sleep(PACE).await;
        };
        tokio::time::sleep(TAIL).await;
        let outcomes = load.finish(PATIENCE * 2).await;
        Result { tally: Tally::of(&outcomes), status }
    })
}

/// Loads something else as long as this takes; gives what came of both.
///
/// # Panics
/// When that does.
pub fn during<T>(plan: Plan, what: impl FnOnce() -> T) -> (T, Tally) {
    let (over, end) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let clients = scope.spawn(move || load_until(plan, &end));
        let came = what();
        drop(over);
        (came, clients.join().expect("the load beside"))
    })
}

fn load_until(plan: Plan, end: &mpsc::Receiver<()>) -> Tally {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let load = Load::start(plan);
        while end.try_recv() == Err(mpsc::TryRecvError::Empty) {
            tokio::time::sleep(PACE).await;
        }
        Tally::of(&load.finish(PATIENCE * 2).await)
    })
}
