//! Readers of the values that only `trial` takes. Each error says what was wrong and what would be right.
use nix::sys::signal::Signal;
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::time::Duration;

/// The highest rate that may be asked for, in connections a second: above it the client, not the server,
/// is what is measured.
const HIGHEST_RATE: f64 = 20_000.0;
/// The most workers of the built-in server.
const MOST_WORKERS: u16 = 64;

/// The longest time that any part of a trial may take: it is something to watch.
const LONGEST: Duration = Duration::from_hours(1);

/// A rate of new connections.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// 1.3 times what the server can do.
    Auto,
    /// So many a second.
    PerSecond(f64),
}

/// Where a server answers: `http://HOST[:PORT][/PATH]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// A name, or an address without brackets.
    pub host: String,
    /// 80 when the text has none.
    pub port: u16,
    /// With its leading slash.
    pub path: String,
}

/// A supervisor's command, split as a shell would; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supervisor(pub Vec<String>);

/// The authority alone, as it stands in a `Host` header.
impl fmt::Display for Url {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(out, "[{}]:{}", self.host, self.port)
        } else {
            write!(out, "{}:{}", self.host, self.port)
        }
    }
}

/// Reads a [`Rate`]: `130/s`, `130` or `auto`.
///
/// # Errors
/// When it is none of these, or out of range.
pub fn rate(text: &str) -> Result<Rate, String> {
    if text == "auto" {
        return Ok(Rate::Auto);
    }
    let number = text.strip_suffix("/s").unwrap_or(text).parse::<f64>();
    match number {
        Ok(number) if (0.1..=HIGHEST_RATE).contains(&number) => Ok(Rate::PerSecond(number)),
        _ => {
            Err(format!("a rate is auto, or a number a second from 0.1/s to {HIGHEST_RATE}/s, such as 130/s"))
        }
    }
}

/// Reads a duration of up to an hour.
///
/// # Errors
/// When it is no duration, or longer.
pub fn time(text: &str) -> Result<Duration, String> {
    let time = super::super::values::duration(text)?;
    if time <= LONGEST { Ok(time) } else { Err("no part of a trial takes longer than 1h".to_owned()) }
}

/// Reads a signal: `TERM`, `SIGTERM` or `15`.
///
/// # Errors
/// When Linux has no such signal.
pub fn signal(text: &str) -> Result<Signal, String> {
    let number = text.parse::<i32>().ok().and_then(|number| Signal::try_from(number).ok());
    let name = text.to_ascii_uppercase();
    let name = if name.starts_with("SIG") { name } else { format!("SIG{name}") };
    number
        .or_else(|| Signal::from_str(&name).ok())
        .ok_or_else(|| "a signal is a name or a number, such as TERM, QUIT or 15".to_owned())
}

/// Reads a path that can stand in a request line.
///
/// # Errors
/// When it does not begin with a slash, or has blanks, control characters or letters outside ASCII in it.
pub fn path(text: &str) -> Result<String, String> {
    if text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("a path begins with a slash and has no blanks; anything else in it is %-encoded".to_owned())
    }
}

/// Reads a [`Url`].
///
/// # Errors
/// When it is no `http` URL.
pub fn url(text: &str) -> Result<Url, String> {
    let wrong = || "a URL is http://HOST:PORT/PATH, such as http://127.0.0.1:8000/".to_owned();
    let rest = text.strip_prefix("http://").ok_or_else(wrong)?;
    let (authority, tail) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = path(if tail.is_empty() { "/" } else { tail })?;
    let (host, port) = match authority.rsplit_once(':') {
        // A colon inside brackets is part of an IPv6 address.
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| wrong())?),
        _ => (authority, 80),
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if bare.is_empty()
        || port == 0
        || !bare.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:_".contains(&b))
    {
        return Err(wrong());
    }
    Ok(Url { host: bare.to_owned(), port, path })
}

/// Reads a [`Supervisor`].
///
/// # Errors
/// When there is no word in it, or a quotation does not end.
pub fn supervisor(text: &str) -> Result<Supervisor, String> {
    match shlex::split(text) {
        Some(words) if !words.is_empty() => Ok(Supervisor(words)),
        _ => Err("a supervisor is a command as a shell would read it, such as 'tini -g --'".to_owned()),
    }
}

/// Reads the n of every n-th request.
///
/// # Errors
/// When it is not a whole number above 0.
pub fn every(text: &str) -> Result<NonZeroU64, String> {
    text.parse().map_err(|_| "every n-th: a whole number from 1 up, such as 20".to_owned())
}

/// Reads the number of workers.
///
/// # Errors
/// When it is not a whole number from 1 to 64.
pub fn workers(text: &str) -> Result<u16, String> {
    text.parse()
        .ok()
        .filter(|workers| (1..=MOST_WORKERS).contains(workers))
        .ok_or_else(|| format!("a whole number of workers from 1 to {MOST_WORKERS}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_numbers_a_second_or_auto() {
        assert_eq!(rate("130/s"), Ok(Rate::PerSecond(130.0)));
        assert_eq!(rate("0.5"), Ok(Rate::PerSecond(0.5)));
        assert_eq!(rate("auto"), Ok(Rate::Auto));
        for text in ["", "-3", "0", "fast", "NaN", "inf", "20001", "10/m"] {
            assert!(rate(text).unwrap_err().contains("130/s"), "{text}");
        }
    }

    #[test]
    fn times_are_durations_of_up_to_an_hour() {
        assert_eq!(time("1h"), Ok(LONGEST));
        assert!(time("3601s").unwrap_err().contains("1h"));
        assert!(time("-3").unwrap_err().contains("500ms"));
    }

    #[test]
    fn signals_have_names_and_numbers() {
        for text in ["TERM", "SIGTERM", "term", "15"] {
            assert_eq!(signal(text), Ok(Signal::SIGTERM), "{text}");
        }
        for text in ["", "0", "-3", "STOPPED", "99", "SIG"] {
            assert!(signal(text).unwrap_err().contains("TERM"), "{text}");
        }
    }

    #[test]
    fn urls_are_split_into_host_port_and_path() {
        let read = |text| url(text).map(|url| (url.host, url.port, url.path));
        let is = |host: &str, port, path: &str| Ok((host.to_owned(), port, path.to_owned()));
        assert_eq!(read("http://127.0.0.1:8000/a?b=c"), is("127.0.0.1", 8000, "/a?b=c"));
        assert_eq!(read("http://localhost"), is("localhost", 80, "/"));
        assert_eq!(read("http://[::1]:8000"), is("::1", 8000, "/"));
        assert_eq!(read("http://[::1]/"), is("::1", 80, "/"));
        for text in
            ["", "127.0.0.1:80", "https://x/", "http://", "http://x:0/", "http://x:99999/", "http://a b/"]
        {
            assert!(url(text).is_err(), "{text}");
        }
        assert!(path("/a\r\nHost: other").is_err());
    }

    #[test]
    fn supervisors_are_split_as_a_shell_would() {
        let words = |text| supervisor(text).map(|supervisor| supervisor.0);
        assert_eq!(words("tini -g --"), Ok(vec!["tini".into(), "-g".into(), "--".into()]));
        assert_eq!(words("'my init' -x"), Ok(vec!["my init".into(), "-x".into()]));
        assert!(words("'open").is_err() && words("").is_err());
    }
}
