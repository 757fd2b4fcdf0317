//! New connections and kept-alive ones at once, in a load that never stops: the gate and park at work together.
use crate::scene::{CLIENTS, gone, nobody_is_lost, plan};
use crate::support::runner::runs;
use crate::support::server::{Builder, Server};
use crate::support::servers::Kind;
use crate::support::trial::trial;
use crate::support::{PATIENCE, load};
use lameduck::load::{KeptAlive, Load, Tally};
use libtest_mimic::Trial;
use std::time::Duration;

/// After the server is gone the load goes on for so long.
const TAIL: Duration = Duration::from_millis(300);
const PACE: Duration = Duration::from_millis(5);
const THINK: Duration = Duration::from_micros(200);
const WORK_MS: u32 = 20;
/// New connections a second, beside the kept-alive clients.
const RATE: f64 = 100.0;

pub fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = Kind::ALL
        .into_iter()
        .map(|kind| {
            let name = format!("{}_loses_neither_new_clients_nor_kept_alive_ones", kind.name());
            trial(&name, &kind.needs(), move || nobody(|| kind.builder(), RATE, 0))
        })
        .collect();
    // Two threads in each of two workers can do 200 requests of 20 ms a second, and fewer with the slow ones.
    let small = || Server::gunicorn("gthread", &["--workers", "2", "--threads", "2"]);
    let name = "above_capacity_neither_new_clients_nor_kept_alive_ones_are_lost";
    trials.push(trial(name, &Ok(()), move || nobody(small, 160.0, 60)));
    trials
}

/// Stops it when each kept-alive client has had two answers and `backlog` new ones are waiting.
fn nobody(builder: impl Fn() -> Builder, rate: f64, backlog: usize) {
    for run in 1..=runs() {
        let mut server = builder().under_lameduck(&[]).start();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (kept_alive, new) = runtime.block_on(async {
            let new = Load::start(load::plan(&server, rate));
            let kept_alive = KeptAlive::start(plan(&server, THINK, WORK_MS));
            while kept_alive.now().answered < CLIENTS * 2 || new.now().unanswered < backlog {
                assert!(new.elapsed() < PATIENCE, "{:?}, {:?}", kept_alive.now(), new.now());
                tokio::time::sleep(PACE).await;
            }
            server.signal(libc::SIGTERM);
            gone(&mut server).await;
            tokio::time::sleep(TAIL).await;
            new.stop();
            let kept_alive = Tally::of(&kept_alive.finish(PATIENCE * 2).await);
            (kept_alive, Tally::of(&new.finish(PATIENCE * 2).await))
        });
        println!("run {run}: kept alive {kept_alive:?}; new {new:?}");
        nobody_is_lost(&kept_alive);
        nobody_is_lost(&new);
        assert!(new.answered_late > 0, "no new client came during the drain");
        assert!(server.log().contains("outcome=drained"), "it went by time, not by its clients' rest");
        assert!(server.log().contains("gate=divert"), "without the gate this is luck");
    }
}
