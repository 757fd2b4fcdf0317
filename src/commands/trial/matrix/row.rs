//! One server of a matrix, run in every way.
use super::super::column;
use super::super::pace::Pace;
use super::super::plan::Trial;
use super::super::server::Surroundings;
use super::super::trouble::Trouble;
use super::file::Server;
use super::head::Head;
use super::place::Place;
use super::report::{Cell, RowReport};
use super::versions;
use crate::cli::TrialArgs;
use crate::cli::trial::Way;
use std::ffi::OsString;

/// What stands for the rate in the command of a client program.
const RATE: &str = "{rate}";

/// Runs `server` in each of `ways`. What goes wrong with it is told in its row, and does not end the matrix.
///
/// # Errors
/// When the machine itself fails, or there is an interrupt.
pub async fn run(args: &TrialArgs, server: &Server, ways: &[Way], head: &Head) -> Result<RowReport, Trouble> {
    let surroundings = surroundings(server, None);
    let client = server.client.iter().filter_map(|words| words.0.first());
    let mut needed = server.command.0.iter().take(1).chain(client).chain(&server.needs);
    let missing = needed.find(|program| !versions::is_installed(program.as_ref(), &surroundings));
    let version = match &server.version {
        Some(command) if missing.is_none() => {
            let command: Vec<OsString> = command.0.iter().map(OsString::from).collect();
            versions::ask(&command, &surroundings).await.unwrap_or_default()
        }
        _ => None,
    };
    // Measured in the first way, and the same in all.
    let mut pace = None;
    let mut cells = Vec::new();
    for way in ways {
        cells.push(match (missing, head.has(*way)) {
            (Some(program), _) => Cell { missing: Some(program.clone()), ..Cell::default() },
            (None, false) => Cell { missing: way.init().map(str::to_owned), ..Cell::default() },
            (None, true) => cell(args, server, *way, &mut pace).await?,
        });
    }
    Ok(RowReport {
        name: server.name.clone(),
        command: server.command.0.clone(),
        version,
        stop_signal: server.stop_signal.to_string(),
        missing: missing.cloned(),
        rate_per_second: pace.map(|pace| pace.rate),
        cells,
    })
}

async fn cell(args: &TrialArgs, server: &Server, way: Way, pace: &mut Option<Pace>) -> Result<Cell, Trouble> {
    let mut cell = Cell::default();
    let runs = if way == Way::Lameduck { args.matrix.runs.get() } else { 1 };
    for _ in 0..runs {
        let place = Place::free(server)?;
        let trial = trial(args, server, way, &place)?;
        if pace.is_none() {
            *pace = trial.known_pace();
        }
        match column::run(&trial, &trial.columns[0], pace).await {
            Ok(report) => cell.runs.push(report),
            Err(trouble) => {
                cell.failed = Some(trouble.to_string());
                break;
            }
        }
    }
    Ok(cell)
}

/// The trial of one run: the options of the command line, but for what the file says.
fn trial(args: &TrialArgs, server: &Server, way: Way, place: &Place) -> Result<Trial, Trouble> {
    let command = place.in_words(&server.command.0);
    let mut args = args.clone();
    args.path.clone_from(&server.path.0);
    args.slow_every = server.slow_path.is_some().then_some(server.slow_every);
    args.slow_path = server.slow_path.as_ref().map(|path| path.0.clone());
    args.clients.clients = server.clients();
    args.rate = server.rate.unwrap_or(args.rate);
    args.stop_signal = server.stop_signal;
    args.command.clone_from(&command);
    let sleep = args.matrix.sleep;

    let myself = std::env::current_exe().map_err(Trouble::machine("cannot find my own executable"))?;
    let mut trial = Trial::new(args)?;
    trial.columns = vec![way.column(&myself, &command, server.stop_signal, sleep)];
    trial.targets = Some(vec![place.address()]);
    trial.surroundings = surroundings(server, Some(place));
    let rate = trial.known_pace().map_or(0.0, |pace| pace.rate).to_string();
    trial.client = server.client.as_ref().map(|words| {
        let words: Vec<String> = words.0.iter().map(|word| word.replace(RATE, &rate)).collect();
        place.in_words(&words)
    });
    trial.ready_path = server.ready.as_ref().map(|path| path.0.clone());
    Ok(trial)
}

/// Those of a run at `place`, or, without one, of what is only asked for its version.
fn surroundings(server: &Server, place: Option<&Place>) -> Surroundings {
    let here = |text: &String| place.map_or_else(|| text.clone(), |place| place.filled_in(text));
    let environment = server.environment.iter().map(|(name, value)| (name.clone(), here(value))).collect();
    Surroundings { directory: Some(server.directory.clone()), environment }
}
