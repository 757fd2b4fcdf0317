//! What happened, as one line and as JSON. The names are stable: docs/report.md is their schema.
use super::{Endpoints, Outcome, Tally};
use crate::park::Figures;
use serde::Serialize;

/// The report of one drain. Times are whole milliseconds.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// lameduck's version.
    pub version: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// What kept new connections away: `divert`, `refuse` or `none`.
    pub gate: &'static str,
    /// Why that gate; where there is none, what stood in the way.
    pub gate_reason: String,
    /// How lameduck came to hold the listeners: `listen`, `getfd` or `none`.
    pub capture: &'static str,
    /// Where the figures come from.
    pub source: &'static str,
    /// The addresses of the server's listeners.
    pub listeners: Vec<String>,
    /// Its listening sockets, one by one.
    pub sockets: Vec<SocketReport>,
    /// From the stop signal to the gate; as with all times, `None` when either never came.
    pub lame_duck_ms: Option<u64>,
    /// From the gate to the forward.
    pub gated_ms: Option<u64>,
    /// From the forward to the server's exit.
    pub stopping_ms: Option<u64>,
    /// From the server's exit to the end: the rest answered, our own sockets closed.
    pub closing_ms: Option<u64>,
    /// What the Services' endpoints were when the gate closed: `unknown`, `not-selected`, `offered`, `alone` or `withdrawn`.
    pub endpoints: Endpoints,
    /// From the stop signal to the time when they were seen to be so; `None`: they were not seen.
    pub endpoints_ms: Option<u64>,
    /// From the stop signal to the deadline, as far as one was known.
    pub deadline_ms: Option<u64>,
    /// What the looks showed.
    #[serde(flatten)]
    pub tally: Tally,
    /// Connections that arrived after the gate closed.
    pub late_arrivals: Answers,
    /// Connections that were still in the server's queue when it got its signal or went.
    pub the_rest: Answers,
    /// Requests that came on the server's open connections while those were parked.
    pub late_requests: Answers,
    /// What became of the server's open connections.
    pub park: Figures,
    /// What ran out of time.
    pub left_behind: LeftBehind,
    /// The stop signal that came, if one did.
    pub signal_in: Option<String>,
    /// What was forwarded to the server; `None` when it went before.
    pub signal_out: Option<String>,
    /// The server outlived `--kill-after`.
    pub killed: bool,
    /// The exit status.
    pub exit_status: u8,
}

/// One listening socket of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SocketReport {
    /// Its address.
    pub address: String,
    /// How many processes of the server held it when they were last looked at.
    pub holders: usize,
    /// The accept queue's limit, in connections; `None` where nothing tells it.
    pub queue_limit: Option<u32>,
    /// What kept new connections away: `divert`, `refuse`, `plug` or `none`.
    pub gate: &'static str,
    /// Why that gate; where there is none, what stood in the way.
    pub gate_reason: String,
    /// How lameduck came to hold it: `listen`, `bind`, `getfd` or `none`.
    pub capture: &'static str,
}

/// What became of connections that lameduck took itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Answers {
    /// Answered 503.
    pub answered: u64,
    /// HTTP/2: sent away by GOAWAY, with no stream processed.
    pub goaway: u64,
    /// TLS: ended by a fatal alert, and lost.
    pub alerted: u64,
    /// TLS: passed on to the server before it was told to stop, to the end.
    pub passed_on: u64,
    /// Answered by a fellow server (`--late-arrivals relay`), to the end.
    pub relayed: u64,
    /// Left without the whole of an answer by a fellow server, or the server, that failed.
    pub cut: u64,
    /// Closed after reading, because what came is no protocol that lameduck knows.
    pub closed: u64,
    /// Gone before they could be answered, by the client's doing.
    pub gone: u64,
}

/// What was still there when time was over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LeftBehind {
    /// Late arrivals, the rest and late requests that were not answered when time was over.
    pub unanswered: u64,
}
