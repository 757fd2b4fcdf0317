//! What failures are called: in sentences for people, and by stable names in JSON.
use super::verdict::{Cause, Failure, Local, Phase};
use serde::{Serialize, Serializer};
use std::fmt;
use std::io;

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        use {Cause as C, Phase as P};
        let text = match (self.phase, self.cause) {
            (P::Connect, C::Refused) => "refused",
            (P::Connect, C::Reset) => "reset while connecting",
            (P::Connect, C::TimedOut) => "no answer to connect",
            (P::Send, C::Reset) => "reset while sending",
            (P::Send, C::Closed) => "closed while sending",
            (P::Send, C::TimedOut) => "not sent in time",
            (P::Wait, C::Reset) => "reset while waiting",
            (P::Wait, C::Closed) => "closed without an answer",
            (P::Wait, C::TimedOut) => "no answer in time",
            (P::Response, C::Reset) => "reset in the answer",
            (P::Response, C::Closed) => "answer cut short",
            (P::Response, C::TimedOut) => "answer not whole in time",
            (P::Response, C::Malformed) => "malformed answer",
            (phase, C::Other(errno)) => {
                let doing = match phase {
                    P::Connect => "connecting",
                    P::Send => "sending",
                    P::Wait => "waiting",
                    P::Response => "in the answer",
                };
                return write!(out, "{doing}: {}", io::Error::from_raw_os_error(errno));
            }
            // Other pairs do not come up; their names are text enough.
            _ => return out.write_str(&self.name().replace('_', " ")),
        };
        out.write_str(text)
    }
}

impl Failure {
    fn name(self) -> String {
        let phase = match self.phase {
            Phase::Connect => "connect",
            Phase::Send => "send",
            Phase::Wait => "wait",
            Phase::Response => "response",
        };
        match self.cause {
            Cause::Refused => format!("{phase}_refused"),
            Cause::Reset => format!("{phase}_reset"),
            Cause::TimedOut => format!("{phase}_timed_out"),
            Cause::Closed => format!("{phase}_closed"),
            Cause::Malformed => format!("{phase}_malformed"),
            Cause::Other(errno) => format!("{phase}_errno_{errno}"),
        }
    }
}

impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.name())
    }
}

impl fmt::Display for Local {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyAtOnce => out.write_str("too many connections open at once"),
            Self::Os(errno) => io::Error::from_raw_os_error(*errno).fmt(out),
        }
    }
}

impl Serialize for Local {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::TooManyAtOnce => to.serialize_str("too_many_at_once"),
            Self::Os(errno) => to.serialize_str(&format!("errno_{errno}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn a_failure_reads_as_a_sentence_would_say_it() {
        let text = |phase, cause| Failure { phase, cause }.to_string();
        assert_eq!(text(Phase::Connect, Cause::TimedOut), "no answer to connect");
        assert_eq!(text(Phase::Wait, Cause::Reset), "reset while waiting");
        let unreachable = Cause::Other(Errno::HOSTUNREACH.raw_os_error());
        assert_eq!(text(Phase::Connect, unreachable), "connecting: No route to host (os error 113)");
    }
}
