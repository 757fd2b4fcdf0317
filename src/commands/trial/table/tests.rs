//! Whole tables, as they are printed.
mod kept_alive;

use super::*;
use crate::commands::trial::report::{
    ColumnReport, Fate, KeptAliveLoad, KeptAliveReport, LoadReport, ServerReport,
};
use crate::load::{Cause, Failure, Outcome, Phase, Tally, Verdict};
use std::time::Duration;

fn fate(verdicts: &[(Verdict, usize)], used: bool) -> Fate {
    let outcome =
        |verdict| Outcome { number: 0, started: Duration::ZERO, ended: Duration::ZERO, used, verdict };
    let outcomes: Vec<Outcome> =
        verdicts.iter().flat_map(|(verdict, count)| vec![outcome(*verdict); *count]).collect();
    Fate { tally: Tally::of(&outcomes), lost_before_stop: 0, unanswered_at_stop: 90 }
}

fn column(name: &str, verdicts: &[(Verdict, usize)]) -> ColumnReport {
    let fate = fate(verdicts, false);
    ColumnReport {
        name: name.into(),
        lameduck: name == "lameduck",
        target: std::net::SocketAddr::from(([127, 0, 0, 1], 8000)).into(),
        other_listeners: 0,
        connections: fate.tally.tried,
        fate,
        kept_alive: None,
        stop_ms: 1234,
        exit: "exit status: 0".into(),
        killed: false,
        processes_left: 0,
    }
}

fn report(columns: Vec<ColumnReport>) -> Report {
    Report {
        server: ServerReport {
            built_in: true,
            command: vec![],
            workers: Some(2),
            work_ms: Some(20),
            slow_work_ms: None,
        },
        load: LoadReport {
            clients: "new".into(),
            rate_per_second: Some(130.0),
            capacity_per_second: Some(100.0),
            backlog_may_empty: false,
            kept_alive: None,
            pause_ms: 0,
            client_timeout_ms: 30_000,
            path: "/".into(),
            slow_every: None,
            slow_path: None,
            before_ms: 3000,
            stop_signal: "SIGTERM".into(),
        },
        lost_under_lameduck: columns.iter().find(|column| column.lameduck).map(ColumnReport::lost),
        columns,
    }
}

fn answered(status: u16) -> Verdict {
    Verdict::Answered { status, latency: Duration::from_micros(20_400) }
}

fn failed(phase: Phase, cause: Cause) -> Verdict {
    Verdict::Failed(Failure { phase, cause })
}

#[test]
fn the_columns_stand_side_by_side() {
    let refused = failed(Phase::Connect, Cause::Refused);
    let reset = failed(Phase::Wait, Cause::Reset);
    let text = text(&report(vec![
        column("plain", &[(answered(200), 379), (refused, 61), (reset, 38)]),
        column("lameduck", &[(answered(200), 510), (answered(503), 12), (refused, 39)]),
    ]));
    insta::assert_snapshot!(text, @"
    built-in server: 2 workers, 20 ms a request; 130 new connections a second, never pausing; TERM after 3 s

                                plain   lameduck
      connections                 478        561
      answered                    379        510
      answered late (503)           0         12
      refused (never got in)       61         39
      LOST                         38          0
        reset while waiting        38          0
      other answers                 0          0
      waiting at the stop          90         90
      answered within: half     20 ms      20 ms
        99 of 100               20 ms      20 ms
        all                     20 ms      20 ms
      stop took                1.23 s     1.23 s

    lameduck lost none.
    ");
}

#[test]
fn what_may_be_wrong_with_the_numbers_is_said() {
    let local = Verdict::NotTried(crate::load::Local::TooManyAtOnce);
    let cut = failed(Phase::Response, Cause::Closed);
    let mut odd = column("lameduck", &[(answered(404), 2), (cut, 1), (local, 7)]);
    (odd.killed, odd.fate.lost_before_stop, odd.other_listeners) = (true, 1, 2);
    let mut report = report(vec![odd]);
    report.load.backlog_may_empty = true;
    insta::assert_snapshot!(text(&report), @"
    built-in server: 2 workers, 20 ms a request; 130 new connections a second, never pausing; TERM after 3 s

                                        lameduck
      connections                              3
      answered                                 0
      answered late (503)                      0
      refused (never got in)                   0
      LOST                                     1
        answer cut short                       1
      other answers                            2
        404                                    2
      not tried (this side's trouble)          7
      waiting at the stop                     90
      answered within: half                    -
        99 of 100                              -
        all                                    -
      stop took                           1.23 s

    The server can keep up with 130 a second: the backlog may empty (see --rate).
    lameduck: of 3 listeners, 127.0.0.1:8000 was loaded (another: --url).
    lameduck: not tried, which is not the server's fault: 7 (too many connections open at once).
    lameduck: lost before the stop signal, so not by the stop: 1.
    lameduck: the server was still there at the limit and had to be killed.
    lameduck lost 1 of 3.
    ");
}
