//! The report as a table for people: a line for each fate, a column for each way of running the server.
use super::report::{ColumnReport, Report};
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

fn heading(report: &Report) -> String {
    let (server, load) = (&report.server, &report.load);
    let mut out = match (server.workers, server.work_ms) {
        (Some(workers), Some(work)) => {
            let plural = if workers == 1 { "" } else { "s" };
            format!("built-in server: {workers} worker{plural}, {} a request", milliseconds(work))
        }
        _ => shlex::try_join(server.command.iter().map(String::as_str))
            .unwrap_or_else(|_| server.command.join(" ")),
    };
    if let (Some(every), Some(slow)) = (load.slow_every, server.slow_work_ms) {
        let _ = write!(out, " (one in {every}: {})", milliseconds(slow));
    } else if let (Some(every), Some(path)) = (load.slow_every, &load.slow_path) {
        let _ = write!(out, " (one request in {every}: {path})");
    }
    let rate = load.rate_per_second;
    let rate = if rate < 10.0 { format!("{rate:.1}") } else { format!("{rate:.0}") };
    let _ = write!(out, "; {rate} new connections a second, never pausing");
    if load.pause_ms > 0 {
        let _ = write!(out, ", each silent for its first {}", milliseconds(load.pause_ms));
    }
    let _ = write!(
        out,
        "; {} after {}",
        load.stop_signal.trim_start_matches("SIG"),
        milliseconds(load.before_ms)
    );
    out
}

fn rows(columns: &[ColumnReport]) -> Vec<Row> {
    let row = |label: &str, cell: &dyn Fn(&ColumnReport) -> String| {
        Row(label.to_owned(), columns.iter().map(cell).collect())
    };
    let count = |label: &str, of: &dyn Fn(&ColumnReport) -> u64| row(label, &|column| of(column).to_string());
    let mut rows = vec![
        count("connections", &|column| column.tally.connections),
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

/// What the numbers mean, and what may be wrong with them; the verdict last.
fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    if report.load.backlog_may_empty {
        let rate = report.load.rate_per_second;
        notes.push(format!(
            "The server can keep up with {rate:.0} a second: the backlog may empty (see --rate)."
        ));
    }
    for column in &report.columns {
        let ColumnReport { name, tally, .. } = column;
        if column.other_listeners > 0 {
            let (others, target) = (column.other_listeners, column.target);
            notes.push(format!("{name}: of {} listeners, {target} was loaded (another: --url).", others + 1));
        }
        for (local, count) in &tally.not_tried_by {
            notes.push(format!("{name}: not tried, which is not the server's fault: {count} ({local})."));
        }
        if column.lost_before_stop > 0 {
            let lost = column.lost_before_stop;
            notes.push(format!("{name}: lost before the stop signal, so not by the stop: {lost}."));
        }
        if column.killed {
            notes.push(format!("{name}: the server was still there at the limit and had to be killed."));
        } else if column.processes_left > 0 {
            let left = column.processes_left;
            notes.push(format!("{name}: processes left behind by the server, killed since: {left}."));
        }
    }
    let connections =
        report.columns.iter().find(|column| column.lameduck).map_or(0, |one| one.tally.connections);
    notes.push(match report.lost_under_lameduck {
        Some(0) => "lameduck lost none.".to_owned(),
        Some(lost) => format!("lameduck lost {lost} of {connections}."),
        None => "lameduck was not tried.".to_owned(),
    });
    notes
}

/// A time to be read, not computed with: `0.4 ms`, `20 ms`, `1.2 s`.
fn time(milliseconds: f64) -> String {
    let shown = |number: f64, decimals: usize| {
        let text = format!("{number:.decimals$}");
        let text = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        text.to_owned()
    };
    match milliseconds {
        short if short < 9.95 => shown(short, 1) + " ms",
        short if short < 999.5 => shown(short, 0) + " ms",
        long => shown(long / 1e3, if long < 9_995.0 { 2 } else { 1 }) + " s",
    }
}

#[allow(clippy::cast_precision_loss)] // no time here is longer than a few hours
fn milliseconds(count: u64) -> String {
    time(count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::trial::report::{LoadReport, ServerReport};
    use crate::load::{Cause, Failure, Outcome, Phase, Tally, Verdict};
    use std::time::Duration;

    fn column(name: &str, verdicts: &[(Verdict, usize)]) -> ColumnReport {
        let outcomes: Vec<_> = verdicts.iter().flat_map(|(verdict, count)| vec![*verdict; *count]).collect();
        let outcome =
            |verdict| Outcome { number: 0, started: Duration::ZERO, ended: Duration::ZERO, verdict };
        ColumnReport {
            name: name.into(),
            lameduck: name == "lameduck",
            target: ([127, 0, 0, 1], 8000).into(),
            other_listeners: 0,
            tally: Tally::of(&outcomes.into_iter().map(outcome).collect::<Vec<_>>()),
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

    #[test]
    fn times_are_short() {
        let times = [0.0, 0.42, 9.96, 20.4, 999.4, 999.6, 1200.0, 3000.0, 12_345.0].map(time);
        assert_eq!(times, ["0 ms", "0.4 ms", "10 ms", "20 ms", "999 ms", "1 s", "1.2 s", "3 s", "12.3 s"]);
    }
}
