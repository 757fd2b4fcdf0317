//! The report as a table for people: a line for each fate, a column for each way of running the server.
use super::report::Report;
use super::rows::{Row, rows};
use super::sentences::{heading, notes};
use std::fmt::Write as _;

/// The whole text, with a line end at its end.
pub fn text(report: &Report) -> String {
    let rows = rows(report);
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

#[cfg(test)]
mod tests;
