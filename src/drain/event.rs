//! What goes into the drain and what comes out: plain data.
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// Where a drain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// No stop signal has come.
    Serving,
    /// Stop is wanted; the server goes on accepting.
    LameDuck,
    /// New connections no longer reach the server; what it has is waited for.
    Gated,
    /// The server has been sent its signal.
    Stopping,
    /// The server is gone.
    Exited,
}

/// What one look showed; `None`: it cannot be told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Observation {
    /// Connections that arrived in this network namespace so far; only its changes matter.
    pub arrivals: Option<u64>,
    /// Connections in the accept queues.
    pub queue: Option<u32>,
    /// Handshakes that began before the gate closed.
    pub half_open: Option<u32>,
    /// Connections with bytes that the server has not read.
    pub unread: Option<u32>,
    /// Connections whose client spoke last.
    pub in_flight: Option<u32>,
    /// Young connections without a byte either way.
    pub silent: Option<u32>,
    /// Connections at rest; never waited for.
    pub idle: Option<u32>,
    /// Connections that are in flight or at rest, and nobody can tell which; never waited for.
    pub unknown: Option<u32>,
}

/// Whether traffic is still sent here, as the endpoints of the Services tell that select this pod.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoints {
    /// Nobody tells.
    #[default]
    Unknown,
    /// No Service selects this pod.
    NotSelected,
    /// A Service offers this pod, and others beside it.
    Offered,
    /// A Service has no other ready endpoint: whoever comes has nowhere else to go.
    Alone,
    /// No Service offers this pod any more, and each has others.
    Withdrawn,
}

/// What happens to a drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A stop signal has come: the first begins the drain, a second ends its waiting.
    StopSignal,
    /// A signal that asks for haste (INT or QUIT during the drain): ends its waiting.
    Skip,
    /// Someone looked.
    Observed(Observation),
    /// The endpoints are now known to be so.
    Endpoints(Endpoints),
    /// The server will be killed from outside at this time after the stop signal, whatever was thought before.
    Deadline(Duration),
    /// A change of endpoints takes so long to reach those who send traffic here.
    Propagation(Duration),
    /// The stop was not asked of the API server (liveness kill, eviction, node shutdown): no endpoint will be withdrawn, and
    /// nobody tells how much time is left.
    Unannounced,
    /// Nothing but time has passed.
    Tick,
    /// The server is gone.
    Exited,
}

/// What a drain wants done, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The lame duck has begun: form the gate's groups, so that it is known early whether they work.
    PrepareGate,
    /// Keep new connections away from the server from now on.
    CloseGate,
    /// Answer whoever is still queued, in competition with the server.
    AnswerTheRest,
    /// Pass the stop signal on to the server, and answer whoever is still queued.
    Forward(Outcome),
    /// The server has not gone in time: kill it.
    Kill,
}

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing was left to wait for.
    Drained,
    /// The limit came first.
    TimedOut,
    /// A second signal came first.
    Skipped,
    /// The server went by itself, before the signal was forwarded.
    ServerExited,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As in the report.
        f.write_str(match self {
            Self::Drained => "drained",
            Self::TimedOut => "timed-out",
            Self::Skipped => "skipped",
            Self::ServerExited => "server-exited",
        })
    }
}
