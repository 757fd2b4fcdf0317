//! What became of one connection: the words that the engine, the tally and the reports share.
use rustix::io::Errno;
use std::io;
use std::time::Duration;

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// From the first SYN to the end of the handshake.
    Connect,
    /// Connected; the request, and the pause before it, are not over.
    Send,
    /// The request is sent, and not a byte of the answer is here.
    Wait,
    /// The answer has begun.
    Response,
}

/// Why a connection failed in its phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// ECONNREFUSED; of a unix socket also ENOENT and EAGAIN: nothing is at the path, or its queue is full.
    Refused,
    /// ECONNRESET, or EPIPE: the peer was gone when we wrote.
    Reset,
    /// The client's patience ended.
    TimedOut,
    /// The peer closed too early.
    Closed,
    /// The bytes are no HTTP/1.1 response.
    Malformed,
    /// Another error of the kernel, by its errno(3).
    Other(i32),
}

/// Trouble of the client's own machine, for which the server is not to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Local {
    /// As many connections as [`Plan::at_once`](super::Plan::at_once) permits were already open.
    TooManyAtOnce,
    /// Descriptors, ports or memory ran out: the errno(3).
    Os(i32),
}

/// A failure by phase and cause. Its `Display` is the user's text, its serialized form a stable name such as
/// `wait_reset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// Where.
    pub phase: Phase,
    /// Why.
    pub cause: Cause,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A whole response came, of this status, so long after the start (the client's own pause not counted).
    Answered {
        /// The status code of the response.
        status: u16,
        /// From the first SYN to the last byte, without the pause; of a kept-alive client from the first byte of
        /// the request to the last of the response.
        latency: Duration,
    },
    /// No whole response came.
    Failed(Failure),
    /// None came to this one of several requests that were sent at once, for an earlier answer ended the connection;
    /// see [`Class::UnansweredAfterClose`].
    UnansweredAfterClose,
    /// The connection was not made, for want of something on this side.
    NotTried(Local),
}

/// The seven classes of the report; each verdict is in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A response with a status of 2xx or 3xx.
    Answered,
    /// A 503: told explicitly that the request was not processed.
    AnsweredLate,
    /// Never got in, and knows it: refused, or reset before the connect was over. Safe to try elsewhere.
    Refused,
    /// Got in, or may have, and was given no whole answer.
    Lost,
    /// Sent behind a request whose answer ended the connection (`Connection: close`, or HTTP/1.0). Not lost: the
    /// client is told, and "SHOULD NOT assume that they will be processed" (RFC 9112, section 9.6). It is not told
    /// that they were *not* processed either: it may send again what is idempotent (section 9.3.2), as a GET is, and
    /// only that. A request with a body (POST) is therefore [`Lost`](Self::Lost) in its place.
    UnansweredAfterClose,
    /// A response with any other status.
    OtherAnswer,
    /// Says nothing about the server.
    NotTried,
}

/// One connection of a [`Load`](super::Load), or one request of a [`KeptAlive`](super::KeptAlive) client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Its place in the load, from 0.
    pub number: u64,
    /// When it started, since the start of the load.
    pub started: Duration,
    /// When it ended, since the start of the load.
    pub ended: Duration,
    /// Whether the connection had already given an answer when the request was sent: to lose a request on such a
    /// one is what kept-alive clients suffer from a stop. Never of a [`Load`](super::Load).
    pub used: bool,
    /// How it ended.
    pub verdict: Verdict,
}

impl Verdict {
    /// The class of the report that this verdict falls into.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Answered { status: 200..=399, .. } => Class::Answered,
            Self::Answered { status: 503, .. } => Class::AnsweredLate,
            Self::Answered { .. } => Class::OtherAnswer,
            Self::Failed(Failure { phase: Phase::Connect, cause: Cause::Refused | Cause::Reset }) => {
                Class::Refused
            }
            Self::Failed(_) => Class::Lost,
            Self::UnansweredAfterClose => Class::UnansweredAfterClose,
            Self::NotTried(_) => Class::NotTried,
        }
    }

    /// The verdict on an error of the kernel in `phase`.
    pub(super) fn on_error(phase: Phase, error: &io::Error) -> Self {
        let errno = Errno::from_io_error(error).unwrap_or(Errno::IO);
        // Ours alone, see connect(2) and socket(2).
        let ours = [Errno::MFILE, Errno::NFILE, Errno::ADDRNOTAVAIL, Errno::NOBUFS, Errno::NOMEM];
        if phase == Phase::Connect && ours.contains(&errno) {
            return Self::NotTried(Local::Os(errno.raw_os_error()));
        }
        Self::Failed(Failure { phase, cause: Cause::of(error) })
    }
}

impl Cause {
    /// The cause that an error of the kernel stands for.
    pub(super) fn of(error: &io::Error) -> Self {
        match Errno::from_io_error(error).unwrap_or(Errno::IO) {
            Errno::CONNREFUSED | Errno::NOENT | Errno::AGAIN => Self::Refused,
            Errno::CONNRESET | Errno::PIPE => Self::Reset,
            // The kernel's own patience (tcp_syn_retries, tcp_retries2).
            Errno::TIMEDOUT => Self::TimedOut,
            other => Self::Other(other.raw_os_error()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_own_trouble_is_not_the_servers_fault() {
        for errno in [Errno::MFILE, Errno::ADDRNOTAVAIL] {
            let verdict = Verdict::on_error(Phase::Connect, &errno.into());
            assert_eq!(verdict, Verdict::NotTried(Local::Os(errno.raw_os_error())));
            assert_eq!(verdict.class(), Class::NotTried);
        }
        // Once connected it is: the server's connection is what suffers.
        assert_eq!(Verdict::on_error(Phase::Send, &Errno::NOBUFS.into()).class(), Class::Lost);
    }

    #[test]
    fn refused_is_only_what_ended_before_it_was_connected() {
        let class = |phase, errno: Errno| Verdict::on_error(phase, &errno.into()).class();
        assert_eq!(class(Phase::Connect, Errno::CONNREFUSED), Class::Refused);
        assert_eq!(class(Phase::Connect, Errno::CONNRESET), Class::Refused);
        for of_unix in [Errno::NOENT, Errno::AGAIN] {
            assert_eq!(class(Phase::Connect, of_unix), Class::Refused);
            assert_eq!(class(Phase::Wait, of_unix), Class::Lost);
        }
        assert_eq!(class(Phase::Connect, Errno::TIMEDOUT), Class::Lost);
        assert_eq!(class(Phase::Connect, Errno::HOSTUNREACH), Class::Lost);
        for phase in [Phase::Send, Phase::Wait, Phase::Response] {
            assert_eq!(class(phase, Errno::CONNRESET), Class::Lost);
        }
    }
}
