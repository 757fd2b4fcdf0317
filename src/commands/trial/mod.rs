//! `lameduck trial`: the same load and the same stop, plainly and under lameduck.
//!
//! `plan` turns the options into a load and `columns`; `column` runs one: `server` starts it, `ready` and `listening` find
//! where it answers, `clients` load it by the load engine or a `program` of their own, and all that became of their connections and requests goes
//! into `report`, which `table`, made of `rows`, and `sentences` show. `interrupts` end it early. `demo` is the built-in server; `matrix` is many
//! trials of one column each.
mod built_in;
mod clients;
mod column;
mod columns;
pub mod demo;
mod interrupts;
mod listening;
pub(crate) mod matrix;
mod output;
mod pace;
mod plan;
mod processes;
mod program;
mod progress;
mod ready;
mod report;
mod rows;
mod sentences;
mod server;
mod table;
mod target;
mod trouble;

use crate::cli::TrialArgs;
use interrupts::Interrupts;
use plan::Trial;
use report::Report;
use std::io::{self, Write};
use std::process::ExitCode;
use trouble::Trouble;

/// The exit status when a connection or a request was lost under lameduck.
const EXIT_LOST: u8 = 1;

/// Runs the verb.
///
/// # Errors
/// When the trial cannot be carried out.
pub fn main(args: TrialArgs) -> Result<ExitCode, String> {
    let (text, status) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Trouble::machine("cannot start the runtime"))
        .and_then(|runtime| runtime.block_on(result(args)))
        .map_err(|trouble| trouble.to_string())?;
    io::stdout().write_all(text.as_bytes()).map_err(|error| format!("cannot write the result: {error}"))?;
    Ok(status)
}

/// What to print, and the exit status.
async fn result(args: TrialArgs) -> Result<(String, ExitCode), Trouble> {
    let mut interrupts = Interrupts::expected()?;
    if let Some(file) = args.matrix.matrix.clone() {
        return matrix::carry_out(&args, &file, &mut interrupts).await;
    }
    let json = args.json;
    let report = interrupts.end(carry_out(args)).await?;
    let lost = report.lost_under_lameduck.is_some_and(|lost| lost > 0);
    let text = if json {
        let json = serde_json::to_string_pretty(&report).map_err(io::Error::from);
        json.map_err(Trouble::machine("cannot turn the result into JSON"))? + "\n"
    } else {
        table::text(&report)
    };
    Ok((text, if lost { EXIT_LOST.into() } else { ExitCode::SUCCESS }))
}

async fn carry_out(args: TrialArgs) -> Result<Report, Trouble> {
    let trial = Trial::new(args)?;
    processes::adopt_orphans().map_err(Trouble::machine("cannot adopt the server's orphans"))?;
    let mut pace = trial.known_pace();
    let mut columns = Vec::new();
    for column in &trial.columns {
        columns.push(column::run(&trial, column, &mut pace).await?);
    }
    Ok(Report::new(&trial, pace, columns))
}
