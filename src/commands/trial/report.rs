//! The result of a trial. Its serialized form is what `--json` prints: names are stable, fields are only added.
use super::plan::{Pace, Trial};
use crate::load::Tally;
use serde::Serialize;
use std::net::SocketAddr;
use std::time::Duration;

/// A trial's result.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What was tried.
    pub server: ServerReport,
    /// The load that it was put under.
    pub load: LoadReport,
    /// A column for each way of running it, in the order of the table.
    pub columns: Vec<ColumnReport>,
    /// What lameduck lost; null when it was not tried.
    pub lost_under_lameduck: Option<u64>,
}

/// What was tried.
#[derive(Debug, Serialize)]
pub struct ServerReport {
    /// Whether it is the built-in server.
    pub built_in: bool,
    /// Its command.
    pub command: Vec<String>,
    /// Workers of the built-in server.
    pub workers: Option<u16>,
    /// Milliseconds that each of them works on a request.
    pub work_ms: Option<u64>,
    /// Milliseconds that it works on a slow one, where there are any.
    pub slow_work_ms: Option<u64>,
}

/// The load.
#[derive(Debug, Serialize)]
pub struct LoadReport {
    /// New connections a second.
    pub rate_per_second: f64,
    /// What the server can do, in answers a second: known for the built-in server, else measured; null when
    /// the rate was given.
    pub capacity_per_second: Option<f64>,
    /// Whether the rate is so low that the backlog may empty, and the trial show nothing.
    pub backlog_may_empty: bool,
    /// Milliseconds each client waits between connect and request.
    pub pause_ms: u64,
    /// Milliseconds each client waits for its answer.
    pub client_timeout_ms: u64,
    /// The path asked for.
    pub path: String,
    /// Every n-th request asks for the slow path.
    pub slow_every: Option<u64>,
    /// The slow path.
    pub slow_path: Option<String>,
    /// Milliseconds of load before the stop signal.
    pub before_ms: u64,
    /// The signal's name, such as `SIGTERM`.
    pub stop_signal: String,
}

/// What became of every connection, for one way of running the server.
#[derive(Debug, Serialize)]
pub struct ColumnReport {
    /// `plain`, `lameduck`, or the supervisor's name.
    pub name: String,
    /// Whether the server ran under lameduck.
    pub lameduck: bool,
    /// Where the load went.
    pub target: SocketAddr,
    /// Listeners of the server that were not loaded.
    pub other_listeners: usize,
    /// How many connections were tried.
    pub connections: u64,
    /// What became of them.
    #[serde(flatten)]
    pub tally: Tally,
    /// Those of `lost` that were lost before the stop signal, and so not by the stop.
    pub lost_before_stop: usize,
    /// Connections that had got in and were waiting for their answer when the stop signal was sent.
    pub unanswered_at_stop: usize,
    /// Milliseconds from the stop signal to the exit of the process that was started.
    pub stop_ms: u64,
    /// How that process ended.
    pub exit: String,
    /// Whether it had to be killed, for it was still there at the limit.
    pub killed: bool,
    /// Processes that it left behind; they have been killed.
    pub processes_left: usize,
}

impl Report {
    /// Puts the columns together with what they are about.
    pub fn new(trial: &Trial, pace: Pace, columns: Vec<ColumnReport>) -> Self {
        let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let load = trial.load(([127, 0, 0, 1], 0).into(), pace.rate);
        Self {
            server: ServerReport {
                built_in: trial.built_in.is_some(),
                command: trial.command.iter().map(|word| word.display().to_string()).collect(),
                workers: trial.built_in.map(|server| server.workers),
                work_ms: trial.built_in.map(|server| ms(server.work)),
                slow_work_ms: trial.built_in.and_then(|server| server.slow).map(|(_, slow)| ms(slow)),
            },
            load: LoadReport {
                rate_per_second: pace.rate,
                capacity_per_second: pace.capacity,
                backlog_may_empty: pace.may_empty(),
                pause_ms: ms(load.pause),
                client_timeout_ms: ms(load.client_timeout),
                path: load.path,
                slow_every: load.slow.as_ref().map(|slow| slow.every.get()),
                slow_path: load.slow.map(|slow| slow.path),
                before_ms: ms(trial.before),
                stop_signal: trial.stop_signal.to_string(),
            },
            lost_under_lameduck: columns
                .iter()
                .find(|column| column.lameduck)
                .map(|column| column.tally.lost),
            columns,
        }
    }
}
