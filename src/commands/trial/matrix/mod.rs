//! `lameduck trial --matrix`: every server of a file, run in every way, a trial of one column each.
//!
//! `file` reads the servers, `ways` are the columns, `row` turns one server into trials, each at a `place` of its own, and carries them out. `report`
//! keeps what became of all, `head` says on what machine and (`made_by`) by which command; `tables` sums it up for people, as text and as Markdown.
mod file;
mod head;
mod made_by;
mod place;
#[cfg(any(test, fuzzing))]
pub(crate) mod readers;
mod report;
mod row;
mod tables;
mod versions;
mod ways;

use super::interrupts::Interrupts;
use super::trouble::Trouble;
use super::{EXIT_LOST, processes};
use crate::cli::TrialArgs;
use crate::cli::trial::Way;
use crate::commands::EXIT_LAMEDUCK_FAILED;
use clap::ValueEnum;
use file::File;
use head::Head;
use report::{Incomplete, MatrixReport, RowReport};
use std::fs;
use std::path::Path;
use std::process::ExitCode;

/// Carries out the matrix of `file`: what to print, and the exit status. When it ends early, by an interrupt or the
/// machine's own trouble, what is printed and written are the rows that were done, and says so.
///
/// # Errors
/// When the file is not as it should be, names a server that is none, or a result cannot be written.
pub async fn carry_out(
    args: &TrialArgs,
    file: &Path,
    interrupts: &mut Interrupts,
) -> Result<(String, ExitCode), Trouble> {
    let file = File::read(file)?;
    let servers = chosen(&file, &args.matrix.row)?;
    let ways = in_order(&args.matrix.column);
    processes::adopt_orphans().map_err(Trouble::machine("cannot adopt the server's orphans"))?;

    let head = interrupts.end(Head::look(args, file.about.clone(), &ways)).await?;
    let mut rows = Vec::new();
    let ended = interrupts.end(try_each(args, &servers, &ways, &head, &mut rows)).await;
    let incomplete = ended.err().map(|trouble| {
        eprintln!("lameduck: {trouble}");
        Incomplete::after(&rows, &servers, &trouble)
    });
    let report =
        MatrixReport { lost_under_lameduck: report::lost_under_lameduck(&rows), head, rows, incomplete };

    let json = serde_json::to_string_pretty(&report).map_err(std::io::Error::from);
    let json = json.map_err(Trouble::machine("cannot turn the result into JSON"))? + "\n";
    let outputs =
        [(&args.matrix.markdown, tables::markdown(&report)), (&args.matrix.json_file, json.clone())];
    for (path, content) in outputs {
        if let Some(path) = path {
            let wrong = |source| Trouble::CannotWrite { file: path.display().to_string(), source };
            fs::write(path, content).map_err(wrong)?;
        }
    }
    Ok((if args.json { json } else { tables::text(&report) }, status(&report)))
}

/// Runs each server in each way: a row when it is done.
async fn try_each(
    args: &TrialArgs,
    servers: &[&file::Server],
    ways: &[Way],
    head: &Head,
    rows: &mut Vec<RowReport>,
) -> Result<(), Trouble> {
    for server in servers {
        rows.push(row::run(args, server, ways, head).await?);
    }
    Ok(())
}

/// The servers that are asked for, in the order of the file.
fn chosen<'a>(file: &'a File, names: &[String]) -> Result<Vec<&'a file::Server>, Trouble> {
    let known = |name: &&String| file.servers.iter().any(|server| server.name == **name);
    if let Some(name) = names.iter().find(|name| !known(name)) {
        let names: Vec<&str> = file.servers.iter().map(|server| server.name.as_str()).collect();
        return Err(Trouble::NoSuchRow { name: name.clone(), names: names.join(", ") });
    }
    Ok(file.servers.iter().filter(|server| names.is_empty() || names.contains(&server.name)).collect())
}

/// The ways that are asked for, all by default; plain first and lameduck last.
fn in_order(asked: &[Way]) -> Vec<Way> {
    Way::value_variants().iter().copied().filter(|way| asked.is_empty() || asked.contains(way)).collect()
}

fn status(report: &MatrixReport) -> ExitCode {
    if report.lost_under_lameduck.is_some_and(|lost| lost > 0) {
        EXIT_LOST.into()
    } else if report.incomplete.is_some() || report.rows.iter().any(RowReport::is_incomplete) {
        EXIT_LAMEDUCK_FAILED.into()
    } else {
        ExitCode::SUCCESS
    }
}
