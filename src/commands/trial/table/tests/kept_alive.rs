//! Kept-alive clients in the table.
use super::*;

/// As [`column`], with these requests of 40 clients, on used connections.
fn kept_alive(name: &str, new: &[(Verdict, usize)], kept_alive: &[(Verdict, usize)]) -> ColumnReport {
    let fate = fate(kept_alive, true);
    let kept_alive = Some(KeptAliveReport { clients: 40, requests: fate.tally.tried, fate });
    ColumnReport { kept_alive, ..column(name, new) }
}

fn forty() -> KeptAliveLoad {
    KeptAliveLoad {
        clients: 40,
        think_ms: 10.0,
        pipeline: 1,
        body_bytes: None,
        body_pieces: None,
        body_pause_ms: None,
        body_chunked: None,
        body_expect: None,
    }
}

#[test]
fn kept_alive_clients_have_lines_of_their_own() {
    let reset = failed(Phase::Wait, Cause::Reset);
    let mut report = report(vec![
        kept_alive("plain", &[(answered(200), 300), (reset, 30)], &[(answered(200), 400), (reset, 38)]),
        kept_alive(
            "lameduck",
            &[(answered(200), 400)],
            &[(answered(200), 500), (answered(503), 40), (reset, 2)],
        ),
    ]);
    report.load.kept_alive = Some(forty());
    insta::assert_snapshot!(text(&report), @"
    built-in server: 2 workers, 20 ms a request; 130 new connections a second, never pausing; 40 kept-alive clients, thinking 10 ms; TERM after 3 s

                                plain   lameduck
      connections                 330        400
      answered                    300        400
      answered late (503)           0          0
      refused (never got in)        0          0
      LOST                         30          0
        reset while waiting        30          0
      other answers                 0          0
      waiting at the stop          90         90
      answered within: half     20 ms      20 ms
        99 of 100               20 ms      20 ms
        all                     20 ms      20 ms
      kept-alive requests         438        542
      answered                    400        500
      answered late (503)           0         40
      refused (never got in)        0          0
      LOST                         38          2
        on a used connection       38          2
        reset while waiting        38          2
      other answers                 0          0
      waiting at the stop          90         90
      answered within: half     20 ms      20 ms
        99 of 100               20 ms      20 ms
        all                     20 ms      20 ms
      stop took                1.23 s     1.23 s

    lameduck lost 0 of 400 connections and 2 of 542 kept-alive requests, 2 of them on a used connection.
    ");
}

#[test]
fn kept_alive_clients_alone_are_the_whole_table() {
    let behind = (Verdict::UnansweredAfterClose, 2);
    let mut report = report(vec![kept_alive("lameduck", &[], &[(answered(200), 500), behind])]);
    report.load.rate_per_second = None;
    report.load.kept_alive = Some(KeptAliveLoad {
        pipeline: 3,
        body_bytes: Some(65_536),
        body_pieces: Some(4),
        body_pause_ms: Some(20),
        ..forty()
    });
    insta::assert_snapshot!(text(&report), @"
    built-in server: 2 workers, 20 ms a request; 40 kept-alive clients, thinking 10 ms, 3 requests at once, bodies of 65536 bytes in 4 pieces, 20 ms apart; TERM after 3 s

                                lameduck
      kept-alive requests            502
      answered                       500
      answered late (503)              0
      refused (never got in)           0
      LOST                             0
      behind a closing answer          2
      other answers                    0
      waiting at the stop             90
      answered within: half        20 ms
        99 of 100                  20 ms
        all                        20 ms
      stop took                   1.23 s

    lameduck, kept-alive: behind an answer that closed the connection, so for their clients to send again, not lost: 2.
    lameduck lost none.
    ");
}
