//! The network namespace's own counters: how many connections were completed, and how many turned away.
//!
//! `/proc/net/snmp` and `/proc/net/netstat` are pairs of lines, names and values, with the same prefix
//! (net/ipv4/proc.c). One read costs about 50 µs.
use std::fs;
use std::io;

/// Connections completed by this namespace's listeners since it exists, accepted or not: `Tcp: PassiveOpens`.
///
/// # Errors
/// When `/proc/net/snmp` cannot be read or does not have the counter.
pub fn passive_opens() -> io::Result<u64> {
    read("/proc/self/net/snmp", "Tcp", "PassiveOpens")
}

/// SYNs and completed handshakes that a listener dropped: `TcpExt: ListenDrops` (it includes ListenOverflows).
///
/// # Errors
/// When `/proc/net/netstat` cannot be read or does not have the counter.
pub fn listen_drops() -> io::Result<u64> {
    read("/proc/self/net/netstat", "TcpExt", "ListenDrops")
}

fn read(path: &str, group: &str, name: &str) -> io::Result<u64> {
    find(&fs::read_to_string(path)?, group, name)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("{path} has no {group}: {name}")))
}

pub(super) fn find(text: &str, group: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(group)?.strip_prefix(':'));
    let (names, values) = (lines.next()?, lines.next()?);
    let column = names.split_whitespace().position(|known| known == name)?;
    values.split_whitespace().nth(column)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_counter_is_found_by_its_group_and_name() {
        let text = "Ip: A B\nIp: 1 2\nTcp: MaxConn PassiveOpens\nTcp: -1 42\nTcpExt: B\nTcpExt: 9\n";
        assert_eq!(find(text, "Tcp", "PassiveOpens"), Some(42));
        assert_eq!(find(text, "TcpExt", "B"), Some(9));
        assert_eq!(find(text, "Tcp", "B"), None);
    }

    #[test]
    fn a_completed_connection_counts_although_nobody_accepts_it() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let before = passive_opens().unwrap();
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert!(passive_opens().unwrap() > before);
        listen_drops().unwrap();
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "(Tcp|TcpExt|Ip)?:?[ -~\n]{0,200}") {
            let _ = find(&text, "Tcp", "PassiveOpens");
        }
    }
}
