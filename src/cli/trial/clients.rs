//! The options of `lameduck trial` about its clients: which kinds, and what those that keep their connection do.
use super::values;
use clap::{Args, ValueEnum};
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

/// The most kept-alive clients: each holds a descriptor and a port of this machine, and so many of the server's.
const MOST_CLIENTS: usize = 10_000;
/// The most requests that a client sends at once: browsers that did so sent fewer than ten.
const MOST_AT_ONCE: usize = 100;
/// The longest body, in bytes: 1 GiB.
const LONGEST_BODY: u64 = 1 << 30;
/// The most pieces of a body.
const MOST_PIECES: u32 = 10_000;

/// The clients of a trial.
///
/// The default is ten clients that keep their connection: enough that a stop meets most of them with a request under way,
/// and few enough that the two workers of the built-in server have been round them all in a fifth of a second. That server
/// alternates between new and kept-alive, so the new ones, whose rate is as without the others, get half of it.
#[derive(Debug, Clone, Args)]
pub struct ClientArgs {
    /// Which clients: those with a new connection for each request, at --rate; those that keep theirs alive; or both at once
    #[arg(long, env = "LAMEDUCK_TRIAL_CLIENTS", value_enum, default_value_t = Clients::Both, value_name = "WHICH")]
    pub clients: Clients,

    /// How many kept-alive clients there are; their requests come on top of --rate
    #[arg(long, env = "LAMEDUCK_TRIAL_KEPT_ALIVE", default_value = "10", value_parser = kept_alive)]
    #[arg(allow_hyphen_values = true, value_name = "N")]
    pub kept_alive: usize,

    /// How long a kept-alive client waits between an answer and its next request
    #[arg(long, env = "LAMEDUCK_TRIAL_THINK", default_value = "10ms", value_parser = values::time)]
    #[arg(allow_hyphen_values = true, value_name = "TIME")]
    pub think: Duration,

    /// How many requests a kept-alive client sends at once, before it reads the answer to the first
    #[arg(long, env = "LAMEDUCK_TRIAL_PIPELINE", default_value = "1", value_parser = pipeline)]
    #[arg(allow_hyphen_values = true, value_name = "N")]
    pub pipeline: NonZeroUsize,

    /// Let kept-alive clients POST a body of this size, such as 64KiB or 1MB, instead of GET
    #[arg(long, env = "LAMEDUCK_TRIAL_BODY", value_parser = size)]
    #[arg(allow_hyphen_values = true, value_name = "SIZE")]
    pub body: Option<u64>,

    /// In how many pieces a body is sent
    #[arg(long, env = "LAMEDUCK_TRIAL_BODY_PIECES", default_value = "1", value_parser = pieces)]
    #[arg(allow_hyphen_values = true, requires = "body", value_name = "N")]
    pub body_pieces: NonZeroU32,

    /// How long a client waits between two pieces of a body
    #[arg(long, env = "LAMEDUCK_TRIAL_BODY_PAUSE", default_value = "0ms", value_parser = values::time)]
    #[arg(allow_hyphen_values = true, requires = "body", value_name = "TIME")]
    pub body_pause: Duration,

    /// Send bodies in chunks, a piece each, without telling their length
    #[arg(long, env = "LAMEDUCK_TRIAL_BODY_CHUNKED", requires = "body")]
    pub body_chunked: bool,

    /// Send a body only when the server asks for it (Expect: 100-continue), or is silent for a second
    #[arg(long, env = "LAMEDUCK_TRIAL_BODY_EXPECT", requires = "body")]
    pub body_expect: bool,
}

/// Kinds of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Clients {
    /// A new connection for each request.
    New,
    /// One connection for many.
    KeptAlive,
    /// Both at once.
    Both,
}

impl Clients {
    /// Whether some come with a new connection each.
    #[must_use]
    pub fn come_new(self) -> bool {
        self != Self::KeptAlive
    }

    /// Whether some keep theirs alive.
    #[must_use]
    pub fn keep_alive(self) -> bool {
        self != Self::New
    }
}

/// Reads the number of kept-alive clients, from 1 to 10,000.
///
/// # Errors
/// When it is none, with what is right.
fn kept_alive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|clients| (1..=MOST_CLIENTS).contains(clients)).ok_or_else(|| {
        format!("a whole number of clients from 1 to {MOST_CLIENTS}; for none there is --clients new")
    })
}

/// Reads the number of requests sent at once, from 1 to 100.
///
/// # Errors
/// When it is none, with what is right.
fn pipeline(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .ok()
        .filter(|requests: &NonZeroUsize| requests.get() <= MOST_AT_ONCE)
        .ok_or_else(|| format!("a whole number of requests from 1 to {MOST_AT_ONCE}; 1 is no pipelining"))
}

/// Reads the number of pieces, from 1 to 10,000.
///
/// # Errors
/// When it is none, with what is right.
fn pieces(text: &str) -> Result<NonZeroU32, String> {
    text.parse()
        .ok()
        .filter(|pieces: &NonZeroU32| pieces.get() <= MOST_PIECES)
        .ok_or_else(|| format!("a whole number of pieces from 1 to {MOST_PIECES}"))
}

/// Reads a size of up to 1 GiB: whole bytes, or with a unit of SI (`kB`, `MB`) or of IEC (`KiB`, `MiB`).
///
/// # Errors
/// When it is none, or more, with what is right.
fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let bytes = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => Some(1),
        "kb" => Some(1000),
        "kib" => Some(1 << 10),
        "mb" => Some(1_000_000),
        "mib" => Some(1 << 20),
        "gib" => Some(1 << 30),
        _ => None,
    };
    number
        .parse::<u64>()
        .ok()
        .zip(bytes)
        .and_then(|(number, bytes)| number.checked_mul(bytes))
        .filter(|size| *size <= LONGEST_BODY)
        .ok_or_else(|| {
            "a size is a whole number of bytes up to 1GiB, such as 0, 1500, 64KiB or 1MB".to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bytes_with_or_without_a_unit() {
        let sizes =
            [("0", 0), ("1500", 1500), ("7B", 7), ("64KiB", 65_536), ("1 MB", 1_000_000), ("1GiB", 1 << 30)];
        for (text, bytes) in sizes {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "KiB",
            "-1",
            "+1",
            "1.5MB",
            "2GiB",
            "1GB!",
            "99999999999999999999",
            "18446744073709551615KiB",
        ] {
            assert!(size(text).unwrap_err().contains("64KiB"), "{text}");
        }
    }

    #[test]
    fn numbers_are_whole_and_have_a_bound() {
        assert_eq!((kept_alive("1"), kept_alive("10000")), (Ok(1), Ok(10_000)));
        assert_eq!(pipeline("100").map(NonZeroUsize::get), Ok(100));
        assert_eq!(pieces("10000").map(NonZeroU32::get), Ok(10_000));
        for text in ["", "0", "-3", "10001", "1.5", "many"] {
            assert!(kept_alive(text).unwrap_err().contains("--clients new"), "{text}");
            assert!(pipeline(text).unwrap_err().contains("from 1 to 100"), "{text}");
            assert!(pieces(text).unwrap_err().contains("from 1 to 10000"), "{text}");
        }
    }

    #[test]
    fn both_is_each_of_the_two() {
        let kinds = |clients: Clients| (clients.come_new(), clients.keep_alive());
        assert_eq!(
            [Clients::New, Clients::KeptAlive, Clients::Both].map(kinds),
            [(true, false), (false, true), (true, true)]
        );
    }
}
