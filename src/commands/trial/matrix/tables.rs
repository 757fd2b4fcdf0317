//! A matrix for people: a table for each question, a line for each server, a column for each way. The same as text and
//! as Markdown.
use super::super::report::{ColumnReport, Fate};
use super::super::rows::Row;
use super::super::sentences::{column_notes, losses, milliseconds};
use super::super::table::aligned;
use super::report::{Cell, Incomplete, MatrixReport};
use std::fmt::Write as _;

/// A table: what it tells, its headings, its lines.
struct Table {
    title: &'static str,
    heads: Vec<String>,
    rows: Vec<Row>,
}

/// For a terminal.
pub fn text(report: &MatrixReport) -> String {
    let mut out = head(report).join("\n") + "\n";
    for Table { title, heads, rows } in tables(report) {
        let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
        let _ = write!(out, "\n{title}\n{}", aligned(&heads, &rows));
    }
    out += "\n";
    for note in notes(report) {
        let _ = writeln!(out, "{note}");
    }
    out
}

/// For a document.
pub fn markdown(report: &MatrixReport) -> String {
    let mut out = "# What a stop costs, server by server\n".to_owned();
    for paragraph in head(report) {
        let _ = writeln!(out, "\n{paragraph}");
    }
    for Table { title, heads, rows } in tables(report) {
        let _ = write!(
            out,
            "\n## {title}\n\n| server | {} |\n|---|{}\n",
            heads.join(" | "),
            "--:|".repeat(heads.len())
        );
        for Row(label, cells) in rows {
            let _ = writeln!(out, "| {} | {} |", escaped(&label), cells.join(" | "));
        }
    }
    out += "\n## The servers\n\n| server | version | stopped by | new connections a second |\n|---|---|---|--:|\n";
    for row in &report.rows {
        let version = row.version.as_deref().unwrap_or(if row.missing.is_some() { "missing" } else { "-" });
        let rate = row.rate_per_second.map_or("-".to_owned(), |rate| format!("{rate:.0}"));
        let signal = row.stop_signal.trim_start_matches("SIG");
        let _ = writeln!(out, "| {} | {} | {signal} | {rate} |", escaped(&row.name), escaped(version));
    }
    out += "\n## Notes\n\n";
    for note in notes(report) {
        let _ = writeln!(out, "- {}", escaped(&note));
    }
    out
}

/// The sentences before the tables, a paragraph each.
fn head(report: &MatrixReport) -> Vec<String> {
    let head = &report.head;
    let inits: Vec<String> = head
        .inits
        .iter()
        .map(|(name, version)| match version {
            Some(version) => format!("{name} ({version})"),
            None => format!("{name} missing"),
        })
        .collect();
    let mut paragraphs = vec![format!(
        "Made by `{}` on {}: Linux {}, {} processors, lameduck {}; {}.",
        head.made_by,
        head.date,
        head.kernel,
        head.processors,
        head.lameduck,
        if inits.is_empty() { "no other init".to_owned() } else { inits.join(", ") }
    )];
    if let Some(Incomplete { why, of, without }) = &report.incomplete {
        paragraphs.push(format!(
            "INCOMPLETE, {} of {of} servers: {why}. Without {}.",
            report.rows.len(),
            without.join(", ")
        ));
    }
    if !head.about.is_empty() {
        paragraphs.push(head.about.clone());
    }
    paragraphs.push(format!(
        "Each server is stopped after {} of load that never pauses: new connections, and {} clients that keep theirs. `sleep` puts \
         the stop signal off by {}, as a preStop hook does, and its load goes on as ever: it helps only where traffic \
         ends meanwhile. Every figure is of one run; under lameduck the sum of {}.",
        milliseconds(head.before_ms),
        head.kept_alive,
        milliseconds(head.sleep_ms),
        head.runs,
    ));
    paragraphs
}

fn tables(report: &MatrixReport) -> Vec<Table> {
    let heads: Vec<String> = report.head.ways.clone();
    let table = |title, show: &dyn Fn(&Cell) -> String| Table {
        title,
        heads: heads.clone(),
        rows: report
            .rows
            .iter()
            .map(|row| Row(row.name.clone(), row.cells.iter().map(show).collect()))
            .collect(),
    };
    let count = |title, of: &dyn Fn(&ColumnReport) -> Option<u64>| {
        table(title, &|cell: &Cell| shown(cell, cell.sum(of).map(|sum| sum.to_string())))
    };
    let kept =
        |of: fn(&Fate) -> u64| move |run: &ColumnReport| run.kept_alive.as_ref().map(|kept| of(&kept.fate));
    let new = |of: fn(&Fate) -> u64| move |run: &ColumnReport| (run.connections > 0).then(|| of(&run.fate));
    let both =
        |of: fn(&Fate) -> u64| move |run: &ColumnReport| Some(of(&run.fate) + kept(of)(run).unwrap_or(0));
    vec![
        count("LOST: new connections", &new(|fate| fate.tally.lost)),
        count("LOST: requests of kept-alive clients", &kept(|fate| fate.tally.lost)),
        count("Answered", &both(|fate| fate.tally.answered)),
        count("Answered late (503)", &both(|fate| fate.tally.answered_late)),
        count("Refused (never got in)", &both(|fate| fate.tally.refused)),
        table("The stop took (the longest)", &|cell| {
            shown(cell, cell.runs.iter().map(|run| run.stop_ms).max().map(milliseconds))
        }),
    ]
}

/// A figure, or why there is none.
fn shown(cell: &Cell, figure: Option<String>) -> String {
    match figure {
        _ if cell.missing.is_some() => "missing".to_owned(),
        _ if cell.failed.is_some() => "failed".to_owned(),
        Some(figure) => figure,
        None => "-".to_owned(),
    }
}

/// What the figures leave out; the verdict last.
fn notes(report: &MatrixReport) -> Vec<String> {
    let mut notes = Vec::new();
    for row in &report.rows {
        if let Some(program) = &row.missing {
            notes.push(format!("{}: not tried, for {program} is not installed.", row.name));
        }
        for cell in &row.cells {
            // What the server said stands in the JSON.
            let why = cell.failed.as_deref().and_then(|why| why.lines().next());
            notes.extend(why.map(|why| format!("{}: could not be tried: {why}.", row.name)));
            for run in &cell.runs {
                let lameducks = run.lameduck.then(|| losses(run)).flatten();
                notes.extend(
                    column_notes(run)
                        .into_iter()
                        .chain(lameducks)
                        .map(|note| format!("{}, {note}", row.name)),
                );
            }
        }
    }
    notes.push(match report.lost_under_lameduck {
        None => "lameduck was not tried.".to_owned(),
        Some(0) => "lameduck lost none.".to_owned(),
        Some(lost) => format!("lameduck lost {lost}."),
    });
    notes
}

/// A text that may stand in a cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests;
