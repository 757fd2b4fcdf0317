//! Without park, busy kept-alive clients are lost at the forward: the matrix can fail.
use crate::scene::{plan, stopped_by_term};
use crate::support::servers::Kind;
use crate::support::trial::trial;
use lameduck::load::KeptAlivePlan;
use libtest_mimic::Trial;
use std::time::Duration;

/// Their requests never end, so the drain has to be bounded; and node ends only when killed.
const OPTIONS: [&str; 6] = ["--park", "off", "--timeout", "1s", "--kill-after", "1s"];
/// Loss is a matter of the instant: so often a server may show it, at the one pace and the other.
const TRIES: usize = 8;
const THINK: [Duration; 2] = [Duration::from_micros(200), Duration::from_millis(10)];
const WORK_MS: u32 = 1;
/// More than elsewhere: those that the server answers with `close` are not lost, only those in between.
const CLIENTS: usize = 160;
/// The least number of servers that must lose.
const LOSERS: usize = 6;

pub fn trials() -> Vec<Trial> {
    let missing: Vec<String> = Kind::ALL.into_iter().filter_map(|kind| kind.needs().err()).collect();
    let needs = if missing.is_empty() { Ok(()) } else { Err(missing.join("; ")) };
    vec![trial("without_park_six_servers_and_more_lose_requests_on_used_connections", &needs, they_lose)]
}

fn they_lose() {
    // gunicorn's gthread and gevent linger: they answer what comes on an open connection for two seconds more.
    let lingers = [Kind::Sync, Kind::Gthread, Kind::Gevent];
    let mut left: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| !lingers.contains(kind)).collect();
    let mut losers = Vec::new();
    for think in THINK.into_iter().cycle().take(TRIES) {
        left.retain(|kind| {
            let loses = losers.len() < LOSERS && loses(*kind, think);
            losers.extend(loses.then(|| kind.name()));
            !loses
        });
    }
    assert!(losers.len() >= LOSERS, "only {losers:?} lose");
}

fn loses(kind: Kind, think: Duration) -> bool {
    let mut server = kind.builder().under_lameduck(&OPTIONS).start();
    let plan = KeptAlivePlan { clients: CLIENTS, ..plan(&server, think, WORK_MS) };
    let tally = stopped_by_term(&mut server, plan).tally;
    println!(
        "{} think {think:?}: {} lost, {} of them on used connections",
        kind.name(),
        tally.lost,
        tally.lost_on_used
    );
    tally.lost_on_used > 0
}
