//! Every kind of server, every pace of its clients: TERM in the middle loses none of their requests.
//!
//! A third of them by default, all with `LAMEDUCK_TEST_RUNS`.
use crate::scene::{nobody_is_lost, plan, stopped_by_term};
use crate::support::runner::{one_in_three, runs};
use crate::support::servers::Kind;
use crate::support::trial::trial;
use libtest_mimic::Trial;
use std::time::Duration;

/// How long a client thinks: not at all to speak of, as a proxy; as a busy pool; as a page that polls.
const THINK: [(&str, Duration); 3] = [
    ("200us", Duration::from_micros(200)),
    ("10ms", Duration::from_millis(10)),
    ("100ms", Duration::from_millis(100)),
];

/// How long the server works on a request, in milliseconds.
const WORK_MS: [u32; 3] = [1, 20, 300];

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (number, kind) in Kind::ALL.into_iter().enumerate() {
        for (row, (think_name, think)) in THINK.into_iter().enumerate() {
            for (column, work_ms) in WORK_MS.into_iter().enumerate() {
                let name = format!("{}_loses_no_request_think_{think_name}_work_{work_ms}ms", kind.name());
                // By default each think time and each work comes once with each server.
                let needs = kind.needs().and(one_in_three(number + row + column));
                trials.push(trial(&name, &needs, move || loses_no_request(kind, think, work_ms)));
            }
        }
    }
    trials
}

fn loses_no_request(kind: Kind, think: Duration, work_ms: u32) {
    for run in 1..=runs() {
        let mut server = kind.builder().under_lameduck(&[]).start();
        let plan = plan(&server, think, work_ms);
        let outcome = stopped_by_term(&mut server, plan);
        let tally = &outcome.tally;
        println!(
            "{} think {think:?} work {work_ms} ms run {run}: {} answered, {} late, {} refused, {} lost ({} used)",
            kind.name(),
            tally.answered,
            tally.answered_late,
            tally.refused,
            tally.lost,
            tally.lost_on_used
        );
        nobody_is_lost(tally);
        assert_eq!(outcome.status.code(), Some(kind.status()));
        assert!(server.log().contains("outcome=drained"), "it went by time, not by its clients' rest");
        assert!(server.log().contains("gate=divert"), "without the gate this is luck");
        assert!(server.processes().is_empty(), "nothing is left behind");
    }
}
