//! A whole matrix, as it is printed and as it is written down.
use super::super::head::Head;
use super::super::report::{Cell, MatrixReport, RowReport, lost_under_lameduck};
use super::*;
use crate::commands::trial::report::KeptAliveReport;
use crate::load::{Cause, Failure, Phase, Tally};
use std::net::SocketAddr;

fn fate(lost: u64) -> Fate {
    let failure = Failure { phase: Phase::Wait, cause: Cause::Reset };
    let lost_by = if lost > 0 { [(failure, lost)].into() } else { [].into() };
    let tally = Tally { tried: 100, answered: 100 - lost, lost, lost_by, ..Tally::default() };
    Fate { tally, lost_before_stop: 0, unanswered_at_stop: 7 }
}

fn run(name: &str, lost: u64, kept_alive: Option<u64>) -> ColumnReport {
    ColumnReport {
        name: name.into(),
        lameduck: name == "lameduck",
        target: SocketAddr::from(([127, 0, 0, 1], 8000)).into(),
        other_listeners: 0,
        connections: 100,
        fate: fate(lost),
        kept_alive: kept_alive.map(|lost| KeptAliveReport { clients: 10, requests: 100, fate: fate(lost) }),
        stop_ms: 1234,
        exit: "exit status: 0".into(),
        killed: false,
        processes_left: 0,
    }
}

fn row(name: &str, missing: Option<&str>, cells: Vec<Cell>) -> RowReport {
    RowReport {
        name: name.into(),
        command: vec![name.into()],
        version: missing.is_none().then(|| format!("{name} 1.0 | <x>")),
        stop_signal: "SIGQUIT".into(),
        missing: missing.map(str::to_owned),
        rate_per_second: Some(130.0),
        cells,
    }
}

fn report(lameduck: [u64; 2]) -> MatrixReport {
    let ran = |runs| Cell { runs, ..Cell::default() };
    let missing = |what: &str| Cell { missing: Some(what.into()), ..Cell::default() };
    let failed = || Cell { failed: Some("plain: it ended".into()), ..Cell::default() };
    let both = lameduck.map(|lost| run("lameduck", lost, Some(0))).into();
    let new = vec![run("lameduck", 0, None), run("lameduck", 0, None)];
    let rows = vec![
        row("both", None, vec![ran(vec![run("plain", 41, Some(3))]), missing("tini"), ran(both)]),
        row("new", None, vec![failed(), missing("tini"), ran(new)]),
        row("gone", Some("gone"), vec![missing("gone"), missing("gone"), missing("gone")]),
    ];
    let head = Head {
        about: "A sentence of the file's own.".into(),
        made_by: "lameduck trial --matrix servers.toml".into(),
        date: "2026-11-22".into(),
        lameduck: "0.1.0".into(),
        kernel: "6.18.0".into(),
        processors: 2,
        inits: [("tini".to_owned(), None)].into(),
        ways: ["plain", "tini", "lameduck"].map(String::from).into(),
        runs: 2,
        sleep_ms: 15_000,
        before_ms: 1000,
        kept_alive: 10,
    };
    MatrixReport { lost_under_lameduck: lost_under_lameduck(&rows), head, rows, incomplete: None }
}

#[test]
fn given_a_matrix_then_its_text_sums_runs_and_never_shows_what_is_missing_as_zero() {
    insta::assert_snapshot!("matrix-text", text(&report([0, 0])));
}

#[test]
fn given_a_matrix_then_its_markdown_says_the_same_and_more_of_the_servers() {
    insta::assert_snapshot!("matrix-markdown", markdown(&report([0, 0])));
}

#[test]
fn given_a_loss_under_lameduck_then_it_is_summed_and_its_cause_is_told() {
    let report = report([2, 1]);
    assert_eq!(report.lost_under_lameduck, Some(3));
    let notes = notes(&report);
    assert!(notes.iter().any(|note| note.starts_with("both, lameduck: lost 2: 2 ")), "{notes:?}");
    assert_eq!(notes.last().map(String::as_str), Some("lameduck lost 3."));
}

#[test]
fn given_an_interrupt_then_the_tables_say_before_all_else_which_servers_they_are_without() {
    let incomplete =
        Some(Incomplete { why: "interrupted".into(), of: 4, without: vec!["the fourth".into()] });
    let report = MatrixReport { incomplete, ..report([0, 0]) };
    let said = "\nINCOMPLETE, 3 of 4 servers: interrupted. Without the fourth.\n";
    for tables in [text(&report), markdown(&report)] {
        let place = tables.find(said).unwrap_or_else(|| panic!("{tables}"));
        assert!(place < tables.find("LOST").unwrap(), "{tables}");
    }
}
