//! Waits until a server answers, and finds where.
use super::columns::Column;
use super::plan::Trial;
use super::server::Server;
use super::trouble::Trouble;
use super::{listening, target};
use crate::load::{Request, Verdict, ask};
use crate::sockets::Address;
use crate::stream::Stream;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How often it is asked.
const EVERY: Duration = Duration::from_millis(20);

/// Where a server answers.
#[derive(Debug, Clone)]
pub struct Found {
    /// The address that has answered.
    pub target: Address,
    /// How many more listeners it has; 0 when the user has said where.
    pub others: usize,
}

/// Waits for the first answer of 2xx to 4xx from the user's URL, or from the first listener; when the clients are a program
/// of their own, for the first connect.
///
/// # Errors
/// When the server ends first, does not answer within the trial's start limit, or listens elsewhere than on the loopback.
pub async fn wait(trial: &Trial, column: &Column, server: &mut Server) -> Result<Found, Trouble> {
    let start = Instant::now();
    let mut last = "it listens nowhere that can be found; if it does, say where by --url".to_owned();
    while let Some(left) = trial.start_limit.checked_sub(start.elapsed()) {
        if let Some(status) = server.has_exited()? {
            let output = server.tail();
            return Err(Trouble::Ended {
                column: column.name.clone(),
                when: "before it answered",
                status,
                output,
            });
        }
        let (targets, others) = candidates(trial, column, server)?;
        for target in targets {
            if trial.client.is_some() {
                // What an answer is, only that program knows.
                match Stream::connect(&target).await {
                    Ok(_) => return Ok(Found { target, others }),
                    Err(error) => last = format!("{}: {error}", url(&target)),
                }
                continue;
            }
            let mut load = trial.load(&target, 1.0);
            if let Some(path) = &trial.ready_path {
                (load.path, load.slow) = (path.clone(), None);
            }
            // The pause is the load's, not ours.
            let request = Request { pause: Duration::ZERO, timeout: left, ..load.request(0) };
            match ask(&request).await {
                Verdict::Answered { status: 200..=499, .. } => return Ok(Found { target, others }),
                Verdict::Answered { status, .. } => last = format!("{} answers {status}", url(&target)),
                Verdict::Failed(failure) => last = format!("{}: {failure}", url(&target)),
                Verdict::NotTried(local) => last = local.to_string(),
                Verdict::UnansweredAfterClose => (), // of pipelined requests only
            }
        }
        sleep(EVERY).await;
    }
    Err(Trouble::NotReady {
        column: column.name.clone(),
        waited: trial.start_limit,
        last,
        output: server.tail(),
    })
}

fn candidates(trial: &Trial, column: &Column, server: &Server) -> Result<(Vec<Address>, usize), Trouble> {
    if let Some(targets) = &trial.targets {
        return Ok((targets.clone(), 0));
    }
    let found =
        listening::addresses(server.pid(), column.look).map_err(Trouble::machine("cannot read /proc"))?;
    let others = found.len().saturating_sub(1);
    let targets = match found.iter().find_map(Address::tcp) {
        Some(first) => target::of_listener(first)?.into_iter().map(Address::from).collect(),
        // Which of them speaks HTTP, only asking tells.
        None => found,
    };
    Ok((targets, others))
}

fn url(target: &Address) -> String {
    match target {
        Address::Tcp(address) => format!("http://{address}/"),
        Address::Unix(_) => target.to_string(),
    }
}

/// Makes sure that nobody else answers where the user's URL leads.
///
/// # Errors
/// When somebody does.
pub async fn nobody_there(trial: &Trial) -> Result<(), Trouble> {
    for target in trial.targets.iter().flatten() {
        if Stream::connect(target).await.is_ok() {
            return Err(Trouble::Taken(target.clone()));
        }
    }
    Ok(())
}
