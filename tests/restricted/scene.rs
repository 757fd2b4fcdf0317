//! One cell: what `lameduck doctor` promises in the container, and what becomes of the clients of a server in such a one that
//! the runtime stops, under a load of both kinds that never pauses.
use crate::cells::{Cell, Kind};
use crate::faults::own_network;
use crate::support::container::runtime::Runtime;
use crate::support::container::{Container, root};
use crate::support::ports::free_port;
use crate::support::server::{Server, builder::GENEROUS};
use crate::support::{PATIENCE, load, process, wait_for};
use crate::words::Words;
use lameduck::load::{KeptAlive, KeptAlivePlan, Load, Plan, Tally};
use rustix::process::geteuid;
use serde_json::Value;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

/// New connections a second, more than any of the servers can answer; so many wait at the stop.
const RATE: f64 = 150.0;
const BACKLOG: usize = 40;
/// Clients that keep their connection, and how long they think.
const CLIENTS: usize = 10;
const THINK: Duration = Duration::from_millis(1);
/// After the server is gone the load goes on for so long, so that what is lost in the last instant is seen.
const TAIL: Duration = Duration::from_millis(300);
const PACE: Duration = Duration::from_millis(5);
/// gunicorn's workers.
const WORKERS: usize = 2;

/// What was promised, and what came of it.
#[derive(Debug)]
pub struct Seen {
    pub doctor: Value,
    pub report: Value,
    pub log: String,
    pub new: Tally,
    pub kept_alive: Tally,
    /// lameduck's, by the runtime.
    pub status: Option<i32>,
}

/// A network of the test's own where the test may have one: what is in a container has that of the thread that starts it.
pub fn in_a_network_of_its_own<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    crate::faults::in_a_thread(|| {
        if geteuid().is_root() {
            own_network::enter().expect("a network namespace");
        }
        body()
    })
}

/// Lives through a cell.
pub fn of(cell: Cell, runtime: Runtime) -> Seen {
    // Made before: it may have to be fetched.
    let root = if cell.server == Kind::BuiltIn { root::bare() } else { root::with_python() };
    in_a_network_of_its_own(|| {
        let port = free_port();
        let words = Words::of(cell, port);
        let doctor = promised(cell, runtime, root, &words.doctor());
        let container =
            Container::new(runtime, cell.confinement, root, &words.run(), &environment(cell.timeout()));
        let mut server = container.server(port).start();
        let inhabitants = container.inhabitants();
        if matches!(cell.server, Kind::Sync | Kind::Gthread) {
            wait_for("gunicorn's workers", || {
                let booted = inhabitants.now().into_iter().filter(|pid| process::has_booted(*pid));
                (booted.count() >= WORKERS).then_some(())
            });
        }
        let (new, kept_alive) = stopped_by_the_runtime(cell, &mut server, || container.signal("TERM"));
        let status = server.wait(PATIENCE).code();
        wait_for("the end of all who were in it", || inhabitants.now().is_empty().then_some(()));
        Seen { doctor, report: container.report(), log: server.log(), new, kept_alive, status }
    })
}

/// Both kinds of load, until the container is gone.
pub fn stopped_by_the_runtime(cell: Cell, server: &mut Server, stop: impl FnOnce()) -> (Tally, Tally) {
    let work = if cell.server == Kind::Sync { 50 } else { 100 };
    let plan = Plan { path: format!("/?ms={work}"), slow: None, ..load::plan(server, RATE) };
    let clients = if cell.keeps_alive() { CLIENTS } else { 0 };
    let kept_alive = KeptAlivePlan {
        target: server.target(),
        clients,
        think: THINK,
        host: "localhost".into(),
        path: "/?ms=5".into(),
        slow: None,
        body: None,
        pipeline: NonZeroUsize::MIN,
        client_timeout: PATIENCE * 2,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let kept_alive = KeptAlive::start(kept_alive);
        let new = Load::start(plan);
        while kept_alive.now().answered < clients * 2 || new.now().unanswered < BACKLOG {
            assert!(new.elapsed() < PATIENCE, "{:?}, {:?}", kept_alive.now(), new.now());
            tokio::time::sleep(PACE).await;
        }
        stop();
        while server.try_wait().is_none() {
            assert!(new.elapsed() < PATIENCE * 3, "the server does not go");
            tokio::time::sleep(PACE).await;
        }
        tokio::time::sleep(TAIL).await;
        new.stop();
        let kept_alive = Tally::of(&kept_alive.finish(PATIENCE * 2).await);
        (Tally::of(&new.finish(PATIENCE * 2).await), kept_alive)
    })
}

/// Both for lameduck and for the server.
pub fn environment(timeout: &'static str) -> [(&'static str, &'static str); 3] {
    let [_, kill_after] = GENEROUS;
    [("LAMEDUCK_TIMEOUT", timeout), kill_after, ("PYTHONPATH", root::APPLICATION)]
}

/// What `lameduck doctor` says in such a container.
fn promised(cell: Cell, runtime: Runtime, root: &Path, words: &[&str]) -> Value {
    let output = Container::new(runtime, cell.confinement, root, words, &environment(cell.timeout())).run();
    let said = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&said)
        .unwrap_or_else(|error| panic!("{error}: {said}{}", String::from_utf8_lossy(&output.stderr)))
}
