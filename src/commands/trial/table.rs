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
        _ => server.command.join(" "),
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
            column.tally.latency_ms.map_or("-".to_owned(), |latency| seconds(of(latency) / 1e3))
        }
    };
    rows.push(row("answered within: half", &latency(|latency| latency.p50)));
    rows.push(row("  99 of 100", &latency(|latency| latency.p99)));
    rows.push(row("  all", &latency(|latency| latency.max)));
    #[allow(clippy::cast_precision_loss)] // at most an hour, in milliseconds
    rows.push(row("stop took", &|column| seconds(column.stop_ms as f64 / 1e3)));
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
            notes.push(format!(
                "{name}: {count} connections were not tried: {local}. They are not the server's fault."
            ));
        }
        if column.lost_before_stop > 0 {
            let lost = column.lost_before_stop;
            notes.push(format!("{name}: {lost} of the lost were lost before the stop signal."));
        }
        if column.killed {
            notes.push(format!("{name}: the server was still there at the limit and had to be killed."));
        } else if column.processes_left > 0 {
            let left = column.processes_left;
            notes.push(format!(
                "{name}: {left} processes were left behind by the server and have been killed."
            ));
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

fn milliseconds(time: u64) -> String {
    if time < 1000 {
        format!("{time} ms")
    } else if time.is_multiple_of(1000) {
        format!("{} s", time / 1000)
    } else {
        format!("{}.{:03} s", time / 1000, time % 1000).replace("00 s", " s").replace("0 s", " s")
    }
}

fn seconds(time: f64) -> String {
    if time < 10.0 { format!("{time:.2} s") } else { format!("{time:.1} s") }
}
