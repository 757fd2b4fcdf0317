//! The options of `lameduck trial` about a matrix: many servers, each run in many ways.
use super::values;
use clap::{Args, ValueEnum};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// The most runs of one server under lameduck: what is rarer than one in a thousand needs another tool.
const MOST_RUNS: u32 = 1000;

/// A matrix.
#[derive(Debug, Clone, Args)]
pub struct MatrixArgs {
    /// Try each server of this TOML file in each way: plainly, under other inits, after a sleep, under lameduck
    #[arg(long, env = "LAMEDUCK_TRIAL_MATRIX", value_name = "FILE")]
    #[arg(conflicts_with_all = ["command", "url", "path", "slow_every", "slow_path", "stop_signal", "supervisor", "only",
        "workers", "work", "slow_work", "clients", "body", "pipeline"])]
    pub matrix: Option<PathBuf>,

    /// How often each server is run under lameduck; it is run once in each other way
    #[arg(long, env = "LAMEDUCK_TRIAL_RUNS", default_value = "1", value_parser = runs)]
    #[arg(allow_hyphen_values = true, requires = "matrix", value_name = "N")]
    pub runs: NonZeroU32,

    /// Try only the server of this name; may be given again
    #[arg(long, env = "LAMEDUCK_TRIAL_ROW", requires = "matrix", value_name = "NAME")]
    pub row: Vec<String>,

    /// Try only this way; may be given again
    #[arg(long, env = "LAMEDUCK_TRIAL_COLUMN", value_enum, requires = "matrix", value_name = "WAY")]
    pub column: Vec<Way>,

    /// How long the way `sleep` goes on before the stop signal, as a preStop hook does
    #[arg(long, env = "LAMEDUCK_TRIAL_SLEEP", default_value = "15s", value_parser = values::time)]
    #[arg(allow_hyphen_values = true, requires = "matrix", value_name = "TIME")]
    pub sleep: Duration,

    /// Write the tables of a matrix to this file too, as Markdown
    #[arg(long, env = "LAMEDUCK_TRIAL_MARKDOWN", requires = "matrix", value_name = "FILE")]
    pub markdown: Option<PathBuf>,

    /// Write the JSON of a matrix to this file too
    #[arg(long, env = "LAMEDUCK_TRIAL_JSON_FILE", requires = "matrix", value_name = "FILE")]
    pub json_file: Option<PathBuf>,
}

/// A way to run a server, and to stop it: a column of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// The server by itself.
    Plain,
    /// Under tini.
    Tini,
    /// Under dumb-init.
    DumbInit,
    /// Under catatonit.
    Catatonit,
    /// The server by itself, its stop signal put off by --sleep.
    Sleep,
    /// Under lameduck without a gate.
    GateNone,
    /// Under lameduck.
    Lameduck,
}

/// Reads the number of runs, from 1 to 1000.
///
/// # Errors
/// When it is none, with what is right.
fn runs(text: &str) -> Result<NonZeroU32, String> {
    text.parse()
        .ok()
        .filter(|runs: &NonZeroU32| runs.get() <= MOST_RUNS)
        .ok_or_else(|| format!("a whole number of runs from 1 to {MOST_RUNS}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_whole_and_have_a_bound() {
        assert_eq!(runs("1000").map(NonZeroU32::get), Ok(1000));
        for text in ["", "0", "-1", "1001", "1.5"] {
            assert!(runs(text).unwrap_err().contains("from 1 to 1000"), "{text}");
        }
    }
}
