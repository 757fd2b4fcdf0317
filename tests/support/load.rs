//! Load that never pauses on a real server, with something that happens in the middle.
use super::PATIENCE;
use super::server::Server;
use lameduck::load::{KeptAlive, KeptAlivePlan, Load, Plan, Slow, Tally};
use std::num::{NonZeroU64, NonZeroUsize};
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

/// So many kept-alive clients, which think so long between requests of 20 ms: loads the server until two answers a client are there,
/// does something to it, and goes on until it is gone.
///
/// # Panics
/// When answers do not come, or the server does not go.
pub fn kept_alive_until_gone(
    server: &mut Server,
    clients: usize,
    think: Duration,
    stop: impl FnOnce(&Server),
) -> Tally {
    let plan = KeptAlivePlan {
        target: server.target(),
        clients,
        think,
        host: "localhost".into(),
        path: "/?ms=20".into(),
        slow: None,
        body: None,
        pipeline: NonZeroUsize::MIN,
        client_timeout: PATIENCE * 2,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let load = KeptAlive::start(plan);
        while load.now().answered < clients * 2 {
            assert!(load.elapsed() < PATIENCE, "too few answers: {:?}", load.now());
            tokio::time::sleep(PACE).await;
        }
        stop(server);
        while server.try_wait().is_none() {
            assert!(load.elapsed() < PATIENCE * 3, "the server does not go");
            tokio::time::sleep(PACE).await;
        }
        Tally::of(&load.finish(PATIENCE * 2).await)
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
