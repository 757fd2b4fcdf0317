//! How long forty busy kept-alive clients hold a drain: what there is beyond the settle, one response and the quiet time.
use super::clients::{PATIENCE, busy};
use super::supervised::Supervised;
use super::support::spread::Spread;
use super::support::table;
use lameduck::load::{Class, KeptAlive};
use lameduck::park::QUIET;
use std::time::Duration;

const ROUNDS: usize = 15;
const CLIENTS: usize = 40;
const WORK: Duration = Duration::from_millis(20);
/// The default of `--settle`.
const SETTLE: Duration = Duration::from_millis(300);
/// Until TERM: every client has had answers.
const BUSY: Duration = Duration::from_millis(300);
/// In microseconds. The engine's timer rounds up to whole milliseconds.
const THINKS: [u64; 3] = [200, 2_000, 10_000];

/// Measures, and prints the table.
pub fn measure() {
    let rows = THINKS.map(|think| {
        let (mut beyond, mut lost, mut late) = (Vec::new(), 0, 0);
        for _ in 0..ROUNDS {
            let drain = drain(Duration::from_micros(think));
            beyond.push(drain.ms - (SETTLE + WORK + QUIET).as_secs_f64() * 1e3);
            lost += drain.lost;
            late += drain.late_requests;
        }
        let spread = Spread::of(beyond);
        let figures = [0, 50, 90, 100].map(|percent| format!("{:.1}", spread.percentile(percent)));
        let think = format!("think {} ms", Duration::from_micros(think).as_secs_f64() * 1e3);
        [vec![think], figures.into(), vec![(late / ROUNDS as u64).to_string(), lost.to_string()]].concat()
    });
    let columns =
        ["TERM to forward, beyond 570 ms, ms", "min", "median", "p90", "max", "late requests", "lost"];
    table::print(&columns, &rows);
}

struct Drain {
    /// From TERM to its arrival at the server.
    ms: f64,
    lost: usize,
    late_requests: u64,
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
fn drain(think: Duration) -> Drain {
    let supervised = Supervised::start(&[]);
    let plan = busy(supervised.address, CLIENTS, think, WORK);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (told, (signalled, report), outcomes) = runtime.block_on(async {
        let load = KeptAlive::start(plan);
        tokio::time::sleep(BUSY).await;
        let told = supervised.stop();
        let ended = tokio::task::spawn_blocking(|| supervised.ended()).await.expect("the end");
        (told, ended, load.finish(PATIENCE).await)
    });
    assert_eq!(report["outcome"], "drained", "{report}");
    Drain {
        ms: (signalled - told) as f64 / 1e6,
        lost: outcomes.iter().filter(|outcome| outcome.verdict.class() == Class::Lost).count(),
        late_requests: report["late_requests"]["answered"].as_u64().expect("a count"),
    }
}
