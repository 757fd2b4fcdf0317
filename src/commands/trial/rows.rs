//! The lines of the table: a block for each kind of clients, one line for each fate.
use super::report::{ColumnReport, Fate, Report};
use super::sentences::{milliseconds, time};
use crate::load::Latency;
use std::collections::BTreeSet;

/// One line: its label and a cell for each column.
pub struct Row(pub String, pub Vec<String>);

/// All lines, for people to read downwards.
pub fn rows(report: &Report) -> Vec<Row> {
    let columns = &report.columns;
    let mut rows = Vec::new();
    if report.load.rate_per_second.is_some() {
        let new: Vec<&Fate> = columns.iter().map(|column| &column.fate).collect();
        rows.extend(block("connections", &new));
    }
    let kept_alive: Vec<&Fate> =
        columns.iter().filter_map(|column| Some(&column.kept_alive.as_ref()?.fate)).collect();
    if !kept_alive.is_empty() {
        rows.extend(block("kept-alive requests", &kept_alive));
    }
    let took = |column: &ColumnReport| milliseconds(column.stop_ms);
    rows.push(Row("stop took".to_owned(), columns.iter().map(took).collect()));
    rows
}

/// What became of one kind of clients, which are counted in `what`: a fate for each column.
fn block(what: &str, fates: &[&Fate]) -> Vec<Row> {
    let row = |label: &str, cell: &dyn Fn(&Fate) -> String| {
        Row(label.to_owned(), fates.iter().map(|fate| cell(fate)).collect())
    };
    let count = |label: &str, of: &dyn Fn(&Fate) -> u64| row(label, &|fate| of(fate).to_string());
    let any = |of: &dyn Fn(&Fate) -> u64| fates.iter().any(|fate| of(fate) > 0);

    let mut rows = vec![
        count(what, &|fate| fate.tally.tried),
        count("answered", &|fate| fate.tally.answered),
        count("answered late (503)", &|fate| fate.tally.answered_late),
        count("refused (never got in)", &|fate| fate.tally.refused),
        count("LOST", &|fate| fate.tally.lost),
    ];
    if any(&|fate| fate.tally.lost_on_used) {
        rows.push(count("  on a used connection", &|fate| fate.tally.lost_on_used));
    }
    let failures: BTreeSet<_> = fates.iter().flat_map(|fate| fate.tally.lost_by.keys()).collect();
    rows.extend(failures.into_iter().map(|failure| {
        count(&format!("  {failure}"), &|fate| fate.tally.lost_by.get(failure).copied().unwrap_or(0))
    }));
    if any(&|fate| fate.tally.unanswered_after_close) {
        rows.push(count("behind a closing answer", &|fate| fate.tally.unanswered_after_close));
    }
    rows.push(count("other answers", &|fate| fate.tally.other_answers));
    let statuses: BTreeSet<_> = fates.iter().flat_map(|fate| fate.tally.other_statuses.keys()).collect();
    rows.extend(statuses.into_iter().map(|status| {
        count(&format!("  {status}"), &|fate| fate.tally.other_statuses.get(status).copied().unwrap_or(0))
    }));
    if any(&|fate| fate.tally.not_tried) {
        rows.push(count("not tried (this side's trouble)", &|fate| fate.tally.not_tried));
    }
    rows.push(count("waiting at the stop", &|fate| fate.unanswered_at_stop as u64));
    let latency = |of: fn(Latency) -> f64| {
        move |fate: &Fate| fate.tally.latency_ms.map_or("-".to_owned(), |latency| time(of(latency)))
    };
    rows.push(row("answered within: half", &latency(|latency| latency.p50)));
    rows.push(row("  99 of 100", &latency(|latency| latency.p99)));
    rows.push(row("  all", &latency(|latency| latency.max)));
    rows
}
