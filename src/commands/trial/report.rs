//! The result of a trial. Its serialized form is what `--json` prints: names are stable, fields are only added.
use super::pace::Pace;
use super::plan::Trial;
use crate::load::{Framing, KeptAlivePlan, Tally};
use crate::sockets::Address;
use clap::ValueEnum;
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
    /// What lameduck lost, new connections and kept-alive clients' requests; null when it was not tried.
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
    /// Which clients there were: `new`, `kept-alive` or `both`.
    pub clients: String,
    /// New connections a second; null when no client came with a new one.
    pub rate_per_second: Option<f64>,
    /// What the server can do for these, in answers a second: known for the built-in server, else measured; null when
    /// the rate was given or there was none.
    pub capacity_per_second: Option<f64>,
    /// Whether the rate is so low that the backlog may empty, and the trial show nothing.
    pub backlog_may_empty: bool,
    /// The clients that keep their connection; null when there were none.
    pub kept_alive: Option<KeptAliveLoad>,
    /// Milliseconds each new client waits between connect and request.
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

/// What kept-alive clients do.
#[derive(Debug, Serialize)]
pub struct KeptAliveLoad {
    /// How many they are.
    pub clients: usize,
    /// Milliseconds between an answer and the next request.
    pub think_ms: f64,
    /// Requests sent at once.
    pub pipeline: usize,
    /// Bytes of each request's body; null for GET.
    pub body_bytes: Option<u64>,
    /// In how many pieces it is sent.
    pub body_pieces: Option<u32>,
    /// Milliseconds between two of them.
    pub body_pause_ms: Option<u64>,
    /// Whether it is sent in chunks.
    pub body_chunked: Option<bool>,
    /// Whether it is sent when it is asked for.
    pub body_expect: Option<bool>,
}

/// What became of the clients, for one way of running the server.
#[derive(Debug, Serialize)]
pub struct ColumnReport {
    /// `plain`, `lameduck`, or the supervisor's name.
    pub name: String,
    /// Whether the server ran under lameduck.
    pub lameduck: bool,
    /// Where the load went.
    pub target: Address,
    /// Listeners of the server that were not loaded.
    pub other_listeners: usize,
    /// How many new connections were tried.
    pub connections: u64,
    /// What became of them.
    #[serde(flatten)]
    pub fate: Fate,
    /// The kept-alive clients; null when there were none.
    pub kept_alive: Option<KeptAliveReport>,
    /// Milliseconds from the stop signal, or the beginning of the sleep before it, to the exit of the process that was
    /// started.
    pub stop_ms: u64,
    /// How that process ended.
    pub exit: String,
    /// Whether it had to be killed, for it was still there at the limit.
    pub killed: bool,
    /// Processes that it left behind; they have been killed.
    pub processes_left: usize,
}

/// What became of one kind of clients: of each new connection, or of each request of the kept-alive ones.
#[derive(Debug, Default, Serialize)]
pub struct Fate {
    /// By class.
    #[serde(flatten)]
    pub tally: Tally,
    /// Those of `lost` that were lost before the stop signal, and so not by the stop.
    pub lost_before_stop: usize,
    /// Those that had got in and were waiting for their answer when the stop signal was sent.
    pub unanswered_at_stop: usize,
}

/// What became of the requests of the kept-alive clients.
#[derive(Debug, Serialize)]
pub struct KeptAliveReport {
    /// How many clients there were.
    pub clients: usize,
    /// How many requests they sent, or had no connection for.
    pub requests: u64,
    /// What became of them.
    #[serde(flatten)]
    pub fate: Fate,
}

impl ColumnReport {
    /// What was lost, of either kind.
    pub fn lost(&self) -> u64 {
        self.fate.tally.lost + self.kept_alive.as_ref().map_or(0, |kept| kept.fate.tally.lost)
    }
}

impl Report {
    /// Puts the columns together with what they are about.
    pub fn new(trial: &Trial, pace: Option<Pace>, columns: Vec<ColumnReport>) -> Self {
        let load =
            trial.load(&SocketAddr::from(([127, 0, 0, 1], 0)).into(), pace.map_or(1.0, |pace| pace.rate));
        Self {
            server: ServerReport {
                built_in: trial.built_in.is_some(),
                command: trial.command.iter().map(|word| word.display().to_string()).collect(),
                workers: trial.built_in.map(|server| server.workers),
                work_ms: trial.built_in.map(|server| ms(server.work)),
                slow_work_ms: trial.built_in.and_then(|server| server.slow).map(|(_, slow)| ms(slow)),
            },
            load: LoadReport {
                clients: trial
                    .clients
                    .to_possible_value()
                    .map_or(String::new(), |value| value.get_name().to_owned()),
                rate_per_second: pace.map(|pace| pace.rate),
                capacity_per_second: pace.and_then(|pace| pace.capacity),
                backlog_may_empty: pace.is_some_and(|pace| pace.may_empty()),
                kept_alive: trial.kept_alive(&load.target).map(|plan| KeptAliveLoad::of(&plan)),
                pause_ms: ms(load.pause),
                client_timeout_ms: ms(load.client_timeout),
                path: load.path,
                slow_every: load.slow.as_ref().map(|slow| slow.every.get()),
                slow_path: load.slow.map(|slow| slow.path),
                before_ms: ms(trial.before),
                stop_signal: trial.stop_signal.to_string(),
            },
            lost_under_lameduck: columns.iter().find(|column| column.lameduck).map(ColumnReport::lost),
            columns,
        }
    }
}

impl KeptAliveLoad {
    fn of(plan: &KeptAlivePlan) -> Self {
        let body = plan.body.as_ref();
        Self {
            clients: plan.clients,
            think_ms: plan.think.as_secs_f64() * 1e3,
            pipeline: plan.pipeline.get(),
            body_bytes: body.map(|body| body.length),
            body_pieces: body.map(|body| body.pieces.get()),
            body_pause_ms: body.map(|body| ms(body.pause)),
            body_chunked: body.map(|body| body.framing == Framing::Chunked),
            body_expect: body.map(|body| body.expect_continue),
        }
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
