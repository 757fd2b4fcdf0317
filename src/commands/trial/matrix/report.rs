//! The result of a matrix. Its serialized form is what `--json` prints: names are stable, fields are only added.
use super::super::report::ColumnReport;
use super::super::trouble::Trouble;
use super::file::Server;
use super::head::Head;
use serde::Serialize;

/// A matrix's result.
#[derive(Debug, Serialize)]
pub struct MatrixReport {
    /// When, where and how it was made.
    #[serde(flatten)]
    pub head: Head,
    /// A row for each server.
    pub rows: Vec<RowReport>,
    /// What lameduck lost in all rows; null when it was not tried.
    pub lost_under_lameduck: Option<u64>,
    /// Why there are rows missing; null when every server was tried.
    pub incomplete: Option<Incomplete>,
}

/// A matrix that ended early.
#[derive(Debug, Serialize)]
pub struct Incomplete {
    /// What ended it.
    pub why: String,
    /// How many rows it should have.
    pub of: usize,
    /// The servers that were not tried to the end.
    pub without: Vec<String>,
}

/// One server.
#[derive(Debug, Serialize)]
pub struct RowReport {
    /// Its name.
    pub name: String,
    /// Its command, `{port}` as it stands.
    pub command: Vec<String>,
    /// What its version command said; null when it has none, or said nothing.
    pub version: Option<String>,
    /// The signal by which it stops gracefully, such as `SIGTERM`.
    pub stop_signal: String,
    /// The first program of those it needs that is not installed here: then nothing was tried.
    pub missing: Option<String>,
    /// New connections a second; null when there were none.
    pub rate_per_second: Option<f64>,
    /// A cell for each way, in the order of [`Head::ways`].
    pub cells: Vec<Cell>,
}

/// One server, run in one way.
#[derive(Debug, Default, Serialize)]
pub struct Cell {
    /// The program that is not installed here, the server's or the init: then nothing was tried.
    pub missing: Option<String>,
    /// Why a run could not be carried out; then it was the last one.
    pub failed: Option<String>,
    /// What became of each run.
    pub runs: Vec<ColumnReport>,
}

impl Incomplete {
    /// What `trouble` has left out: the servers that have no row yet.
    pub fn after(rows: &[RowReport], servers: &[&Server], trouble: &Trouble) -> Self {
        let without = servers.iter().skip(rows.len()).map(|server| server.name.clone()).collect();
        Self { why: trouble.to_string(), of: servers.len(), without }
    }
}

impl RowReport {
    /// Whether something could not be tried that lameduck, or the server itself, is needed for.
    pub fn is_incomplete(&self) -> bool {
        self.missing.is_some() || self.cells.iter().any(|cell| cell.failed.is_some())
    }
}

impl Cell {
    /// The sum of a figure over all runs; none when there was no run that has it.
    pub fn sum(&self, of: impl Fn(&ColumnReport) -> Option<u64>) -> Option<u64> {
        self.runs.iter().filter_map(of).reduce(|sum, more| sum + more)
    }
}

/// What lameduck lost; none when it was not tried.
pub fn lost_under_lameduck(rows: &[RowReport]) -> Option<u64> {
    let runs = rows.iter().flat_map(|row| &row.cells).flat_map(|cell| &cell.runs);
    runs.filter(|run| run.lameduck).map(ColumnReport::lost).reduce(|sum, more| sum + more)
}
