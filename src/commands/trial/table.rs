//! The report as a table for people: a line for each fate, a column for each way of running the server.
use super::report::Report;
use super::rows::{Row, rows};
use super::sentences::{heading, notes};
use std::fmt::Write as _;

/// The whole text, with a line end at its end.
pub fn text(report: &Report) -> String {
    let heads: Vec<&str> = report.columns.iter().map(|column| column.name.as_str()).collect();
    let mut out = heading(report) + "\n\n" + &aligned(&heads, &rows(report)) + "\n";
    for sentence in notes(report) {
        out += &sentence;
        out += "\n";
    }
    out
}

/// The lines of a table, each with a line end: labels to the left, cells to the right below their headings.
pub fn aligned(heads: &[&str], rows: &[Row]) -> String {
    let width =
        |cells: &mut dyn Iterator<Item = &str>| cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
    let first = width(&mut rows.iter().map(|row| row.0.as_str()));
    let widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(place, head)| width(&mut rows.iter().map(|row| row.1[place].as_str()).chain([*head])))
        .collect();

    let mut out = String::new();
    let mut line = |label: &str, cells: &mut dyn Iterator<Item = &str>| {
        let mut line = format!("  {label:<first$}");
        for (cell, width) in cells.zip(&widths) {
            // Writing to a String does not fail.
            let _ = write!(line, "   {cell:>width$}");
        }
        out += line.trim_end();
        out += "\n";
    };
    line("", &mut heads.iter().copied());
    for Row(label, cells) in rows {
        line(label, &mut cells.iter().map(String::as_str));
    }
    out
}

#[cfg(test)]
mod tests;
