//! Busy kept-alive clients whose late requests are relayed to a fellow server: what they feel of a stop.
use super::clients::{PATIENCE, busy};
use super::supervised::Supervised;
use super::support::spread::Spread;
use super::support::table;
use lameduck::load::{Class, KeptAlive, Outcome};
use std::time::Duration;

const ROUNDS: usize = 3;
const CLIENTS: usize = 40;
const WORK: Duration = Duration::from_millis(20);
const THINK: Duration = Duration::from_millis(10);
/// What a dashboard shows as one point.
const BEFORE: Duration = Duration::from_secs(10);

/// Measures, and prints the table.
pub fn measure() {
    let (mut before, mut through, mut drain) = (Vec::new(), Vec::new(), Vec::new());
    let mut not_well = 0;
    for _ in 0..ROUNDS {
        let (told, outcomes) = round();
        not_well += outcomes.iter().filter(|outcome| is_not_well(outcome)).count();
        let answered: Vec<&Outcome> =
            outcomes.iter().filter(|outcome| outcome.verdict.class() == Class::Answered).collect();
        before.extend(answered.iter().filter(|outcome| outcome.ended < told).map(|outcome| latency(outcome)));
        drain.extend(answered.iter().filter(|outcome| outcome.ended >= told).map(|outcome| latency(outcome)));
        through.extend(answered.into_iter().map(latency));
    }
    let normal = Spread::of(before);
    let of = [
        ("before the stop", normal.clone()),
        ("ten seconds and the drain", Spread::of(through)),
        ("the drain alone", Spread::of(drain)),
    ];
    let rows = of.map(|(what, spread)| {
        let figures = [50, 90, 99, 100].map(|percent| format!("{:.1}", spread.percentile(percent)));
        let ratio = format!("{:.2}", spread.percentile(99) / normal.percentile(99));
        [vec![what.to_owned()], figures.into(), vec![ratio]].concat()
    });
    table::print(&["latency with relay, ms", "median", "p90", "p99", "max", "p99 / normal"], &rows);
    println!("\nlost, or answered 503: {not_well}");
}

fn is_not_well(outcome: &Outcome) -> bool {
    matches!(outcome.verdict.class(), Class::Lost | Class::AnsweredLate | Class::OtherAnswer)
}

/// Milliseconds.
fn latency(outcome: &Outcome) -> f64 {
    outcome.ended.saturating_sub(outcome.started).as_secs_f64() * 1e3
}

/// When the server was told to stop, by the load's clock, and what became of each request until its end.
fn round() -> (Duration, Vec<Outcome>) {
    let fellow = Supervised::alone();
    let to = fellow.address.to_string();
    let supervised = Supervised::start(&["--late-arrivals", "relay", "--relay-to", &to]);
    let plan = busy(supervised.address, CLIENTS, THINK, WORK);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let load = KeptAlive::start(plan);
        tokio::time::sleep(BEFORE).await;
        let told = load.elapsed();
        supervised.stop();
        let (_, report) = tokio::task::spawn_blocking(|| supervised.ended()).await.expect("the end");
        assert_eq!(report["outcome"], "drained", "{report}");
        (told, load.finish(PATIENCE).await)
    })
}
