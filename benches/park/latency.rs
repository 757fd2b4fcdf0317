//! Requests that are in flight when the drain begins: how long they take, with park and without.
use super::clients::{PATIENCE, ask, at_rest};
use super::supervised::{Supervised, now_ns};
use super::support::spread::Spread;
use super::support::table;
use rustix::event::{PollFd, PollFlags, poll};
use std::io::Read;
use std::net::TcpStream;

const ROUNDS: usize = 30;
const CLIENTS: u64 = 40;
/// The first request takes so long, the others up to as much again.
const WORK_MS: u64 = 50;

/// Interleaved: what else the machine does hits both.
pub fn measure() {
    let mut of = [("--park off", "off", Vec::new()), ("--park auto", "auto", Vec::new())];
    for _ in 0..ROUNDS {
        for (_, park, late_by) in &mut of {
            late_by.extend(round(park));
        }
    }
    let spreads = of.map(|(name, _, latencies)| (name, Spread::of(latencies)));
    let reference = spreads[0].1.clone();
    let rows = spreads.map(|(name, spread)| {
        let ratio = |percent| format!("{:.3}", spread.percentile(percent) / reference.percentile(percent));
        let figures = [50, 90, 99, 100].map(|percent| format!("{:.2}", spread.percentile(percent)));
        [vec![name.to_owned()], figures.into(), vec![ratio(50), ratio(99)]].concat()
    });
    let columns = ["latency in flight, ms", "median", "p90", "p99", "max", "median / off", "p99 / off"];
    table::print(&columns, &rows);
}

/// Milliseconds of each request. The gate closes while all of them are in flight.
#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
fn round(park: &str) -> Vec<f64> {
    let supervised = Supervised::start(&["--settle", "0", "--lame-duck", "0", "--park", park]);
    let mut clients = at_rest(supervised.address, usize::try_from(CLIENTS).expect("a few"));
    let mut waiting: Vec<(TcpStream, i64)> = Vec::new();
    for (number, mut client) in (0..CLIENTS).zip(clients.drain(..)) {
        let asked = now_ns();
        ask(&mut client, WORK_MS + WORK_MS * number / CLIENTS);
        waiting.push((client, asked));
    }
    supervised.stop();
    let mut latencies = Vec::new();
    let mut answered = Vec::new();
    while !waiting.is_empty() {
        let mut ready: Vec<PollFd> =
            waiting.iter().map(|(client, _)| PollFd::new(client, PollFlags::IN)).collect();
        let limit = rustix::time::Timespec { tv_sec: PATIENCE.as_secs().cast_signed(), tv_nsec: 0 };
        assert!(poll(&mut ready, Some(&limit)).expect("poll") > 0, "no answer");
        let now = now_ns();
        let ready: Vec<bool> = ready.iter().map(|one| !one.revents().is_empty()).collect();
        let mut is_ready = ready.iter();
        for (mut client, asked) in std::mem::take(&mut waiting) {
            if *is_ready.next().expect("as many") {
                let mut answer = [0; 512];
                let length = client.read(&mut answer).expect("an answer");
                assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
                latencies.push((now - asked) as f64 / 1e6);
                answered.push(client);
            } else {
                waiting.push((client, asked));
            }
        }
    }
    let (_, report) = supervised.ended();
    let parked = if park == "off" { 0 } else { CLIENTS };
    assert_eq!(
        (&report["outcome"], &report["park"]["parked"]),
        (&"drained".into(), &parked.into()),
        "{report}"
    );
    latencies
}
