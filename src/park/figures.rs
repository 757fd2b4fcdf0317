//! What is told about the park.
use serde::Serialize;

/// What became of the connections that were open when the gate closed, and of those accepted later. Each figure counts
/// connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Parked at some time.
    pub parked: u64,
    /// Given back to the server, because what came was its own.
    pub released: u64,
    /// At rest when the signal was forwarded, and held until the server let them go.
    pub at_rest: u64,
    /// Sent a request while another was open.
    pub pipelining: u64,
    /// Not parked when the signal was forwarded: the server's calls on them block.
    pub blocking: u64,
    /// Not parked when the signal was forwarded: TLS, HTTP/2, WebSocket, or another protocol that cannot be read.
    pub unknown: u64,
    /// Not parked when the signal was forwarded: another user's, no descriptor was left for them, or pidfd_getfd is refused.
    pub out_of_reach: u64,
    /// With a request or an answer unfinished when the signal was forwarded.
    pub cut: u64,
}
