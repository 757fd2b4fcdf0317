//! What to send, where, how often: the load as plain data.
use crate::sockets::Address;
use std::num::NonZeroU64;
use std::time::Duration;

/// A load: one target, one rate, one mix of requests.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where every connection goes.
    pub target: Address,
    /// New connections a second; above 0 and finite.
    pub rate: f64,
    /// The value of the `Host` header.
    pub host: String,
    /// The path of a request; `{k}` stands for the connection's number.
    pub path: String,
    /// The slow part of the mix.
    pub slow: Option<Slow>,
    /// How long a client waits between its connect and its request.
    pub pause: Duration,
    /// How long a client waits for its whole answer, from its first SYN; the pause comes on top.
    pub client_timeout: Duration,
    /// How many connections may be open at once; see [`at_once`](super::at_once).
    pub at_once: usize,
}

/// Every n-th request asks for another path, one that takes longer.
#[derive(Debug, Clone)]
pub struct Slow {
    /// n: 1 makes every request slow.
    pub every: NonZeroU64,
    /// The path, with `{k}` as in [`Plan::path`].
    pub path: String,
}

/// One connection's work.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where to connect.
    pub target: Address,
    /// What to send, head and all.
    pub bytes: Vec<u8>,
    /// As [`Plan::pause`].
    pub pause: Duration,
    /// As [`Plan::client_timeout`].
    pub timeout: Duration,
}

impl Plan {
    /// The work of connection `number`.
    #[must_use]
    pub fn request(&self, number: u64) -> Request {
        let path = path(&self.path, self.slow.as_ref(), number);
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: lameduck/{}\r\nAccept: */*\r\nConnection: close\r\n\r\n",
            self.host,
            env!("CARGO_PKG_VERSION"),
        );
        Request {
            target: self.target.clone(),
            bytes: head.into_bytes(),
            pause: self.pause,
            timeout: self.client_timeout,
        }
    }

    /// When connection `number` starts, since the start of the load.
    #[must_use]
    pub fn due(&self, number: u64) -> Duration {
        // Exact to the nanosecond for the first 2^53 connections; a rate too small for a Duration is never due.
        #[allow(clippy::cast_precision_loss)]
        Duration::try_from_secs_f64(number as f64 / self.rate).unwrap_or(Duration::MAX)
    }
}

/// The path of request `number`: the slow one when its turn has come, with its number filled in.
pub(super) fn path(plain: &str, slow: Option<&Slow>, number: u64) -> String {
    let path = match slow {
        Some(slow) if (number + 1).is_multiple_of(slow.every.get()) => &slow.path,
        _ => plain,
    };
    path.replace("{k}", &number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            target: std::net::SocketAddr::from(([127, 0, 0, 1], 80)).into(),
            rate: 4.0,
            host: "here".into(),
            path: "/item/{k}".into(),
            slow: NonZeroU64::new(3).map(|every| Slow { every, path: "/slow".into() }),
            pause: Duration::ZERO,
            client_timeout: Duration::from_secs(1),
            at_once: 1,
        }
    }

    #[test]
    fn every_nth_request_is_slow_and_the_number_is_filled_in() {
        let first_line = |number| {
            let text = String::from_utf8(plan().request(number).bytes).unwrap();
            text.lines().next().unwrap().to_owned()
        };
        assert_eq!(first_line(0), "GET /item/0 HTTP/1.1");
        assert_eq!(first_line(1), "GET /item/1 HTTP/1.1");
        assert_eq!(first_line(2), "GET /slow HTTP/1.1");
        assert_eq!(first_line(5), "GET /slow HTTP/1.1");
    }

    #[test]
    fn connection_k_is_due_at_k_over_the_rate() {
        assert_eq!(plan().due(0), Duration::ZERO);
        assert_eq!(plan().due(6), Duration::from_millis(1500));
        assert_eq!(Plan { rate: f64::MIN_POSITIVE, ..plan() }.due(6), Duration::MAX);
    }
}
