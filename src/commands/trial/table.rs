//! The report as a table for people: a line for each fate, a column for each way of running the server.
use super::report::{ColumnReport, Report};
use super::sentences::{heading, milliseconds, notes, time};
use crate::load::Latency;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// One line: its label and a cell for each column.
struct Row(String, Vec<String>);

/// The whole text, with a line end at its end.
pub fn text(report: &Report) -> String {
    let rows = rows(&report.columns);
    let width =
        |cells: &mut dyn Iterator<Item = &str>| cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
    let first = width(&mut rows.iter().map(|row| row.0.as_str()));
    let widths: Vec<usize> = report
        .columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            width(&mut rows.iter().map(|row| row.1[place].as_str()).chain([column.name.as_str()]))
        })
        .collect();

    let mut out = heading(report) + "\n\n";
    let mut line = |label: &str, cells: &mut dyn Iterator<Item = &str>| {
        let mut line = format!("  {label:<first$}");
        for (cell, width) in cells.zip(&widths) {
            // Writing to a String does not fail.
            let _ = write!(line, "   {cell:>width$}");
        }
        out += line.trim_end();
        out += "\n";
    };
    line("", &mut report.columns.iter().map(|column| column.name.as_str()));
    for Row(label, cells) in &rows {
        line(label, &mut cells.iter().map(String::as_str));
    }
    out += "\n";
    for sentence in notes(report) {
        out += &sentence;
        out += "\n";
    }
    out
}

fn rows(columns: &[ColumnReport]) -> Vec<Row> {
    let row = |label: &str, cell: &dyn Fn(&ColumnReport) -> String| {
        Row(label.to_owned(), columns.iter().map(cell).collect())
    };
    let count = |label: &str, of: &dyn Fn(&ColumnReport) -> u64| row(label, &|column| of(column).to_string());
    let mut rows = vec![
        count("connections", &|column| column.tally.tried),
        count("answered", &|column| column.tally.answered),
        count("answered late (503)", &|column| column.tally.answered_late),
        count("refused (never got in)", &|column| column.tally.refused),
        count("LOST", &|column| column.tally.lost),
    ];
    let failures: BTreeSet<_> = columns.iter().flat_map(|column| column.tally.lost_by.keys()).collect();
    rows.extend(failures.into_iter().map(|failure| {
        count(&format!("  {failure}"), &|column| column.tally.lost_by.get(failure).copied().unwrap_or(0))
    }));
    rows.push(count("other answers", &|column| column.tally.other_answers));
    let statuses: BTreeSet<_> =
        columns.iter().flat_map(|column| column.tally.other_statuses.keys()).collect();
    rows.extend(statuses.into_iter().map(|status| {
        count(&format!("  {status}"), &|column| column.tally.other_statuses.get(status).copied().unwrap_or(0))
    }));
    if columns.iter().any(|column| column.tally.not_tried > 0) {
        rows.push(count("not tried (this side's trouble)", &|column| column.tally.not_tried));
    }
    rows.push(count("waiting at the stop", &|column| column.unanswered_at_stop as u64));
    let latency = |of: fn(Latency) -> f64| {
        move |column: &ColumnReport| {
            column.tally.latency_ms.map_or("-".to_owned(), |latency| time(of(latency)))
        }
    };
    rows.push(row("answered within: half", &latency(|latency| latency.p50)));
    rows.push(row("  99 of 100", &latency(|latency| latency.p99)));
    rows.push(row("  all", &latency(|latency| latency.max)));
    rows.push(row("stop took", &|column| milliseconds(column.stop_ms)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::trial::report::{LoadReport, ServerReport};
    use crate::load::{Cause, Failure, Outcome, Phase, Tally, Verdict};
    use std::time::Duration;

    fn column(name: &str, verdicts: &[(Verdict, usize)]) -> ColumnReport {
        let verdicts = verdicts.iter().flat_map(|(verdict, count)| vec![*verdict; *count]);
        let outcome = |verdict| Outcome {
            number: 0,
            started: Duration::ZERO,
            ended: Duration::ZERO,
            used: false,
            verdict,
        };
        let tally = Tally::of(&verdicts.map(outcome).collect::<Vec<_>>());
        ColumnReport {
            name: name.into(),
            lameduck: name == "lameduck",
            target: ([127, 0, 0, 1], 8000).into(),
            other_listeners: 0,
            connections: tally.tried,
            tally,
            lost_before_stop: 0,
            unanswered_at_stop: 90,
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
                rate_per_second: 130.0,
                capacity_per_second: Some(100.0),
                backlog_may_empty: false,
                pause_ms: 0,
                client_timeout_ms: 30_000,
                path: "/".into(),
                slow_every: None,
                slow_path: None,
                before_ms: 3000,
                stop_signal: "SIGTERM".into(),
            },
            lost_under_lameduck: columns
                .iter()
                .find(|column| column.lameduck)
                .map(|column| column.tally.lost),
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
        (odd.killed, odd.lost_before_stop, odd.other_listeners) = (true, 1, 2);
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
}
