//! The head of a request as it goes to a fellow: it asks for the close.
use super::super::request::Head;

/// What is said of the connection, and so not passed on (RFC 9110, section 7.6.1).
const OF_THE_CONNECTION: [&str; 3] = ["connection", "keep-alive", "proxy-connection"];

/// The head with `Connection: close` in the place of its first `Connection`, or behind all; every other field, the
/// request line and the line ends stay as they are. A WebSocket handshake stays all as it is: its `Connection` is part
/// of it (RFC 6455, section 4.1).
///
/// `bytes` begin with a whole head, which httparse has understood: it takes no folded lines.
pub fn asking_for_the_close(bytes: &[u8], head: &Head) -> Vec<u8> {
    let lines = || bytes[..head.length].split_inclusive(|&byte| byte == b'\n');
    if head.upgrades && is_websocket(lines()) {
        return bytes[..head.length].to_vec();
    }
    let mut rewritten = Vec::with_capacity(head.length + CLOSE.len());
    let mut is_said = false;
    // Empty lines may precede a request (RFC 9112, section 2.2).
    let begin = lines().take_while(|line| is_empty(line)).count();
    for (index, line) in lines().enumerate() {
        let is_of_the_connection =
            index > begin && field(line).is_some_and(|(name, _)| is_one_of(name, &OF_THE_CONNECTION));
        let is_place = field(line).is_some_and(|(name, _)| is_one_of(name, &["connection"]));
        let is_end = index > begin && is_empty(line);
        if !is_said && (is_of_the_connection && is_place || is_end) {
            rewritten.extend_from_slice(CLOSE);
            is_said = true;
        }
        if !is_of_the_connection {
            rewritten.extend_from_slice(line);
        }
    }
    rewritten
}

const CLOSE: &[u8] = b"Connection: close\r\n";

fn is_websocket<'lines>(lines: impl Iterator<Item = &'lines [u8]>) -> bool {
    let (mut connection, mut upgrade) = (false, false);
    for (name, value) in lines.filter_map(field) {
        let says = |word: &str| {
            value.split(|&byte| byte == b',').any(|token| is_one_of(token.trim_ascii(), &[word]))
        };
        connection |= is_one_of(name, &["connection"]) && says("upgrade");
        upgrade |= is_one_of(name, &["upgrade"]) && says("websocket");
    }
    connection && upgrade
}

fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    Some((&line[..colon], &line[colon + 1..]))
}

fn is_one_of(name: &[u8], names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

fn is_empty(line: &[u8]) -> bool {
    matches!(line, b"\r\n" | b"\n")
}

#[cfg(test)]
mod tests {
    use super::super::super::opening::{Opening, understand};
    use super::*;
    use proptest::prelude::*;

    fn rewritten(request: &str) -> String {
        let Opening::Request(head) = understand(request.as_bytes()) else {
            panic!("no request: {request:?}")
        };
        String::from_utf8(asking_for_the_close(request.as_bytes(), &head)).unwrap()
    }

    #[test]
    fn what_was_said_of_the_connection_is_replaced_in_its_place() {
        assert_eq!(
            rewritten(
                "GET / HTTP/1.1\r\nHost: a\r\nconnection: keep-alive\r\nKeep-Alive: timeout=5\r\nA: b\r\n\
                 Connection: x\r\nProxy-Connection: keep-alive\r\n\r\n"
            ),
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nA: b\r\n\r\n"
        );
        assert_eq!(
            rewritten("\r\nGET connection:x HTTP/1.0\n\n"),
            "\r\nGET connection:x HTTP/1.0\nConnection: close\r\n\n"
        );
    }

    #[test]
    fn a_websocket_handshake_stays_as_it_is_and_other_upgrades_are_offered_no_more() {
        let websocket =
            "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n";
        assert_eq!(rewritten(websocket), websocket);
        assert_eq!(
            rewritten("GET / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"),
            "GET / HTTP/1.1\r\nConnection: close\r\nUpgrade: h2c\r\n\r\n"
        );
    }

    #[test]
    fn no_body_is_taken_for_the_head() {
        let request = "POST / HTTP/1.1\r\nContent-Length: 21\r\n\r\nConnection: alive\r\n\r\n";
        assert_eq!(rewritten(request), "POST / HTTP/1.1\r\nContent-Length: 21\r\nConnection: close\r\n\r\n");
    }

    proptest! {
        #[test]
        fn every_other_field_is_kept_in_its_order(
            fields in proptest::collection::vec(("[A-Za-z-]{1,12}|Connection|keep-alive", "[ -~]{0,30}"), 0..20)
        ) {
            // An offer of another protocol is tried above.
            prop_assume!(fields.iter().all(|(name, _)| !name.eq_ignore_ascii_case("upgrade")));
            let lines: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let request = format!("GET /path?query HTTP/1.1\r\n{}\r\n", lines.concat());
            let rewritten = rewritten(&request);
            let lines: Vec<&str> = rewritten.split("\r\n").collect();
            prop_assert_eq!(lines.iter().filter(|line| **line == "Connection: close").count(), 1);
            let others = |line: &&str| {
                let name = line.split(':').next().unwrap_or_default().to_lowercase();
                !OF_THE_CONNECTION.contains(&name.as_str())
            };
            let before: Vec<&str> = request.split("\r\n").filter(others).collect();
            let after: Vec<&str> = lines.into_iter().filter(others).collect();
            prop_assert_eq!(before, after);
        }
    }
}
