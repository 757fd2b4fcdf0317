//! One column: start the server, load it, stop it under load, see what becomes of every connection and request.
use super::clients::Clients;
use super::columns::Column;
use super::pace::Pace;
use super::plan::Trial;
use super::processes;
use super::progress::Progress;
use super::ready::{self, Found};
use super::report::ColumnReport;
use super::server::Server;
use super::trouble::Trouble;
use crate::load::capacity;
use crate::sockets::Address;
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// How long the load goes on once the server is gone.
const TAIL: Duration = Duration::from_millis(300);
/// How long the last connections may take once the limit is used up.
const LAST: Duration = Duration::from_secs(1);
/// The calibration: so many at once, for so long.
const CALIBRATION: (usize, Duration) = (16, Duration::from_secs(1));

/// Runs the column. `pace` is measured on its server when it is not known yet.
///
/// # Errors
/// When the server does not come up, or ends before it is told to.
pub async fn run(trial: &Trial, column: &Column, pace: &mut Option<Pace>) -> Result<ColumnReport, Trouble> {
    let progress = Progress::start(&column.name);
    progress.say("starting the server");
    ready::nobody_there(trial).await?;
    let mut server = Server::start(column, &trial.surroundings, trial.verbose)?;
    let Found { target, others } = ready::wait(trial, column, &mut server).await?;

    // Before any client is there: it is the server's own.
    if pace.is_none() && trial.clients.come_new() {
        *pace = Some(calibrate(trial, &target, &progress).await?);
    }
    let clients = Clients::start(trial, &target, *pace).await?;
    under_load(&progress, &clients, "load", trial.before, &mut server, column).await?;

    let stop = clients.mark();
    let begun = Instant::now();
    under_load(&progress, &clients, "sleeping before the signal", column.sleep, &mut server, column).await?;
    let told = Instant::now();
    server.signal(column.stop_signal)?;
    let ended = timeout(trial.limit, progress.during(&clients, "stopping", server.exited())).await;
    let killed = ended.is_err();
    let status = if let Ok(status) = ended {
        status?
    } else {
        server.signal(Signal::SIGKILL)?;
        server.exited().await?
    };
    let stop_took = begun.elapsed();
    let left = processes::left(clients.process()).map_err(Trouble::machine("cannot read /proc"))?.len();
    if killed {
        processes::end_all_but(clients.process()).map_err(Trouble::machine("cannot end the server"))?;
    }

    sleep(TAIL).await;
    progress.say("waiting for the last connections");
    let (fate, kept_alive) =
        clients.finish(trial.limit.saturating_sub(told.elapsed()).max(LAST), stop).await?;
    Ok(ColumnReport {
        name: column.name.clone(),
        lameduck: column.lameduck,
        target,
        other_listeners: others,
        connections: fate.tally.tried,
        fate,
        kept_alive,
        stop_ms: u64::try_from(stop_took.as_millis()).unwrap_or(u64::MAX),
        exit: status.to_string(),
        killed,
        processes_left: left,
    })
}

/// Lets the load go on for `time`, in which the server may not end.
async fn under_load(
    progress: &Progress,
    clients: &Clients,
    doing: &str,
    time: Duration,
    server: &mut Server,
    column: &Column,
) -> Result<(), Trouble> {
    let Ok(status) = timeout(time, progress.during(clients, doing, server.exited())).await else {
        return Ok(());
    };
    let (column, output) = (column.name.clone(), server.tail());
    Err(Trouble::Ended { column, when: "before the stop signal", status: status?, output })
}

async fn calibrate(trial: &Trial, target: &Address, progress: &Progress) -> Result<Pace, Trouble> {
    progress.say("measuring what the server can do");
    let (at_once, duration) = CALIBRATION;
    let measured = capacity(&trial.load(target, 1.0), at_once, duration).await;
    if measured > 0.0 { Ok(Pace::above(measured)) } else { Err(Trouble::NoCapacity) }
}
