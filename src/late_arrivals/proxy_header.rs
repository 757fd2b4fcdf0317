//! The header of the PROXY protocol: what a load balancer says of its client before all that the client says
//! (HAProxy's doc/proxy-protocol.txt; the sections are its own). It is passed on or skipped, and nothing in it matters here.

/// How the human-readable header begins (section 2.1).
const VERSION_1: [&[u8]; 3] = [b"PROXY TCP4 ", b"PROXY TCP6 ", b"PROXY UNKNOWN"];
/// It is no longer, its line's end and all.
const LONGEST_VERSION_1: usize = 107;
/// How the binary header begins (section 2.2) ...
const VERSION_2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// ... and how long it is up to the length of what follows, which is its last two bytes.
const FIXED_VERSION_2: usize = 16;

/// What the bytes that came first are of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyHeader {
    /// There is none.
    None,
    /// They may be a part of one.
    Partial,
    /// So many bytes are one.
    Whole(usize),
}

impl ProxyHeader {
    /// That these bytes begin with.
    pub fn of(bytes: &[u8]) -> Self {
        if agree(bytes, VERSION_2) {
            return Self::of_version_2(bytes);
        }
        if !VERSION_1.iter().any(|begin| agree(bytes, begin)) {
            return Self::None;
        }
        let line = &bytes[..bytes.len().min(LONGEST_VERSION_1)];
        match line.windows(2).position(|end| end == b"\r\n") {
            Some(end) => Self::Whole(end + 2),
            None if line.len() < LONGEST_VERSION_1 => Self::Partial,
            None => Self::None,
        }
    }

    fn of_version_2(bytes: &[u8]) -> Self {
        let Some(fixed) = bytes.first_chunk::<FIXED_VERSION_2>() else { return Self::Partial };
        let length = FIXED_VERSION_2 + usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
        if bytes.len() < length { Self::Partial } else { Self::Whole(length) }
    }
}

/// As far as both go.
fn agree(some: &[u8], others: &[u8]) -> bool {
    some.iter().zip(others).all(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LONGEST: &str = "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535";

    /// Addresses of IPv4, and `more` bytes behind them.
    fn version_2(more: u16) -> Vec<u8> {
        let length = (12 + more).to_be_bytes();
        [VERSION_2, &[0x21, 0x11], &length, &vec![7; 12 + usize::from(more)]].concat()
    }

    #[test]
    fn a_header_ends_where_it_says() {
        let line = b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n";
        for header in [line, &b"PROXY UNKNOWN\r\n"[..], &version_2(0), &version_2(1000), &version_2(65_523)] {
            let said = [header, b"GET / HTTP/1.1\r\n\r\n"].concat();
            assert_eq!(ProxyHeader::of(&said), ProxyHeader::Whole(header.len()), "{header:?}");
            for part in (0..header.len()).rev().take(200) {
                assert_eq!(ProxyHeader::of(&header[..part]), ProxyHeader::Partial, "{part} of {header:?}");
            }
        }
    }

    #[test]
    fn a_line_without_an_end_is_no_header() {
        let longest = format!("{LONGEST:<105}\r\n");
        assert_eq!(ProxyHeader::of(longest.as_bytes()), ProxyHeader::Whole(107));
        let longer = format!("{LONGEST:<106}\r\n");
        assert_eq!(ProxyHeader::of(longer.as_bytes()), ProxyHeader::None);
    }

    #[test]
    fn a_request_is_no_header() {
        for request in
            [&b"GET / HTTP/1.1\r\n"[..], b"PROXY / HTTP/1.1\r\n", b"\r\nGET / HTTP/1.1\r\n", b"\x16\x03"]
        {
            assert_eq!(ProxyHeader::of(request), ProxyHeader::None, "{request:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40), begin in 0..3_usize) {
            let begin = [b"", VERSION_1[0], VERSION_2][begin];
            let said = [begin, &bytes].concat();
            if let ProxyHeader::Whole(length) = ProxyHeader::of(&said) {
                prop_assert!(length <= said.len());
            }
        }
    }
}
