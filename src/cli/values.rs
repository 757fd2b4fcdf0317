//! Readers of option values. Each error says what was wrong and what would be right.
use crate::supervisor::Signal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The longest duration that means anything here. Sums of such durations fit into what clocks and poll(2) count with.
const LONGEST: Duration = Duration::from_hours(365 * 24);

/// The default of `--timeout`: with [`RESERVE`] it is the grace period that pods have by default (30 s, PodSpec in core/v1).
pub const TIMEOUT: &str = "25s";
/// The default of `--reserve`.
pub const RESERVE: &str = "5s";
/// The default of `--http`.
pub const HTTP: &str = "[::]:9180";

/// What kube-proxy takes: it programs changes once a second at most, and on the test cluster the last new connection came
/// 1.15 s after the stop signal (docs/cluster.md).
pub const KUBE_PROXY: Duration = Duration::from_millis(1_500);
/// What stands in front of a pod, and what it takes.
const PROPAGATIONS: [(&str, Duration); 4] = [
    ("kube-proxy", KUBE_PROXY),
    // ingress-nginx writes its configuration three times in ten seconds at most (--sync-rate-limit 0.3).
    ("ingress", Duration::from_secs(5)),
    // CoreDNS' cache keeps answers for 30 s in the configuration that kubeadm writes.
    ("dns", Duration::from_secs(30)),
    // AWS' NLB sends new connections to an IP target for about two minutes after it was deregistered.
    ("cloud-lb", CLOUD_LB),
];
/// What a cloud's load balancer may take.
pub const CLOUD_LB: Duration = Duration::from_mins(2);

/// Reads what stands in front of a pod, or how long it takes.
///
/// # Errors
/// When it is neither, with what is right.
pub fn propagation(text: &str) -> Result<Duration, String> {
    let preset = PROPAGATIONS.iter().find(|(name, _)| *name == text).map(|(_, takes)| *takes);
    preset.map_or_else(
        || {
            duration(text).map_err(|error| {
                if text.starts_with(|first: char| first.is_ascii_digit()) {
                    return error;
                }
                let names: Vec<&str> = PROPAGATIONS.iter().map(|(name, _)| *name).collect();
                format!("give one of {}, or a duration such as 10s", names.join(", "))
            })
        },
        Ok,
    )
}

/// Reads a duration of at most a year: a number with a unit (`500ms`, `25s`, `2m`, `1m 30s`), or a bare number of
/// seconds.
///
/// # Errors
/// When the text is none, or one of more than a year, with examples of what is right.
pub fn duration(text: &str) -> Result<Duration, String> {
    let read = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => humantime::parse_duration(text).ok(),
    };
    match read {
        Some(duration) if duration <= LONGEST => Ok(duration),
        Some(_) => {
            Err("no part of a drain takes longer than a year: give one such as 500ms, 25s or 2m".into())
        }
        None => Err("a duration is a number with a unit, such as 500ms, 25s or 2m".into()),
    }
}

/// Reads a signal that can be received, by name or number ([`Signal`]).
///
/// # Errors
/// When there is no such signal, or it cannot be received, with what is right.
pub fn stop_signal(text: &str) -> Result<Signal, String> {
    let signal: Signal = text.parse()?;
    if signal.is_forwardable() {
        return Ok(signal);
    }
    Err(format!("{signal} never reaches lameduck as a request: give one such as TERM, INT, QUIT or RTMIN+3"))
}

/// Reads a signal that comes in and what is sent in its place: `TERM=QUIT`.
///
/// # Errors
/// When it is no such pair, or the first of it cannot be received, with what is right.
pub fn signal_translation(text: &str) -> Result<(Signal, Signal), String> {
    let (received, sent) =
        text.split_once('=').ok_or("a translation is two signals with = between them, such as TERM=QUIT")?;
    Ok((stop_signal(received)?, sent.parse()?))
}

/// Reads an exit status and the one that is told in its place, each from 0 to 255: `143=0`.
///
/// # Errors
/// When it is no such pair, with what is right.
pub fn exit_code_pair(text: &str) -> Result<(u8, u8), String> {
    let code = |text: &str| text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let pair = text.split_once('=').and_then(|(own, told)| Some((code(own)?, code(told)?)));
    pair.ok_or_else(|| "give two exit statuses from 0 to 255 with = between them, such as 143=0".to_owned())
}

/// Reads a port, from 1 to 65535.
///
/// # Errors
/// When it is none, with what is right.
pub fn port(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(port) if port != 0 => Ok(port),
        _ => Err("a port is a number from 1 to 65535".to_owned()),
    }
}

/// Reads a socket's address: `0.0.0.0:8000`, `[::]:8000`.
///
/// # Errors
/// When it is none, or the port is 0, on which nobody would find the server.
pub fn socket_address(text: &str) -> Result<SocketAddr, String> {
    match text.parse::<SocketAddr>() {
        Ok(address) if address.port() != 0 => Ok(address),
        Ok(_) => Err("nobody would find the server at port 0: give one from 1 to 65535".to_owned()),
        Err(_) => Err("an address is IP:PORT without a name, such as 0.0.0.0:8000 or [::]:8000".to_owned()),
    }
}

/// Reads a unix socket's path, or an abstract name that begins with `@`.
///
/// # Errors
/// When it is empty, with what is right.
pub fn socket_path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("a path is one such as /run/app.sock, and an abstract name one such as @app".to_owned());
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_a_unit_or_seconds() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        assert_eq!(duration("30"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
    }

    #[test]
    fn anything_else_is_refused_with_an_example() {
        for text in ["-3", "", "soon", "12 parsecs", "NaN", "inf", "1e300", "-1s"] {
            assert!(duration(text).unwrap_err().contains("500ms"), "{text}");
        }
    }

    #[test]
    fn durations_without_end_are_refused() {
        assert_eq!(duration("365days"), Ok(LONGEST));
        for text in ["366days", "1e19", "31536001", "18446744073709551615s"] {
            assert!(duration(text).unwrap_err().contains("a year"), "{text}");
        }
    }

    #[test]
    fn propagation_is_a_name_or_a_duration() {
        assert_eq!(propagation("kube-proxy"), Ok(Duration::from_millis(1_500)));
        assert_eq!(propagation("cloud-lb"), Ok(Duration::from_mins(2)));
        assert_eq!(propagation("10s"), Ok(Duration::from_secs(10)));
        assert!(propagation("istio").unwrap_err().contains("kube-proxy, ingress, dns, cloud-lb"));
        assert!(propagation("10 parsecs").unwrap_err().contains("500ms"));
    }

    #[test]
    fn ports_are_numbers_that_a_client_can_connect_to() {
        assert_eq!(port("8000"), Ok(8000));
        for text in ["0", "65536", "-1", "", "http"] {
            assert!(port(text).unwrap_err().contains("1 to 65535"), "{text}");
        }
    }

    #[test]
    fn addresses_are_numeric_and_have_a_port() {
        assert_eq!(socket_address("[::]:80"), Ok(SocketAddr::from(([0_u16; 8], 80))));
        assert!(socket_address("127.0.0.1:0").unwrap_err().contains("port 0"));
        for text in ["localhost:80", ":80", "80", "::80", ""] {
            assert!(socket_address(text).unwrap_err().contains("IP:PORT"), "{text}");
        }
    }

    #[test]
    fn exit_codes_are_pairs_of_what_a_process_can_end_with() {
        assert_eq!(exit_code_pair("143=0"), Ok((143, 0)));
        assert_eq!(exit_code_pair("0=255"), Ok((0, 255)));
        for text in ["143", "143=", "=0", "256=0", "0=256", "-1=0", "+1=0", "143=0=1", "TERM=0", ""] {
            assert!(exit_code_pair(text).unwrap_err().contains("143=0"), "{text}");
        }
    }

    #[test]
    fn stop_signals_are_those_that_can_be_received() {
        assert_eq!(stop_signal("sigterm"), Ok(Signal::TERM));
        for text in ["KILL", "STOP", "CHLD", "SEGV", "33"] {
            assert!(stop_signal(text).unwrap_err().contains("such as TERM"), "{text}");
        }
    }

    #[test]
    fn translations_are_pairs_of_which_the_second_may_be_any_signal() {
        assert_eq!(signal_translation("TERM=15"), Ok((Signal::TERM, Signal::TERM)));
        assert_eq!(signal_translation("TERM=KILL").unwrap().1.to_string(), "KILL");
        for text in ["TERM", "KILL=TERM", "TERM=", "=TERM", "TERM=QUIT=INT"] {
            assert!(signal_translation(text).is_err(), "{text}");
        }
    }
}
