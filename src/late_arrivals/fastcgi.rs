//! FastCGI (PHP-FPM behind nginx): a request is read to its end, and answered as HTTP/1 is. The sections are those of the
//! FastCGI specification 1.0.
use super::answer::tell;
use super::client::Client;
use super::hearing::hear_until;

/// A record's header: version, type, request (2 bytes), length of the content (2), of the padding, and one that is
/// reserved (section 3.3).
const HEADER_LENGTH: usize = 8;
/// Types of records (section 8).
const BEGIN_REQUEST: u8 = 1;
const ABORT_REQUEST: u8 = 2;
const END_REQUEST: u8 = 3;
const STDIN: u8 = 5;
const STDOUT: u8 = 6;
/// FCGI_VERSION_1.
const VERSION: u8 = 1;
/// The content of BEGIN_REQUEST is so long (section 5.1), and so is that of END_REQUEST (section 5.5).
const BODY_LENGTH: u8 = 8;

/// What a web server makes a response of: as late arrivals on HTTP/1 are told (RFC 3875, section 6).
const RESPONSE: &[u8] = b"Status: 503 Service Unavailable\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Retry-After: 1\r\n\
    \r\n\
    This server is stopping. Your request was not processed; send it again and another will answer.\n";

/// What bytes that came first are of the record that begins every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// They are none.
    None,
    /// They may be a part of one.
    Partial,
    /// They begin with its header.
    Whole,
}

impl Begin {
    /// That these bytes begin with. No text begins with its first byte.
    pub fn of(bytes: &[u8]) -> Self {
        let agrees = |(place, byte): (usize, &u8)| match place {
            0 => *byte == VERSION,
            1 => *byte == BEGIN_REQUEST,
            4 => *byte == 0,
            5 => *byte == BODY_LENGTH,
            // The request's number, the padding, and what is reserved.
            _ => true,
        };
        match bytes.iter().enumerate().take(HEADER_LENGTH).all(agrees) {
            false => Self::None,
            true if bytes.len() < HEADER_LENGTH => Self::Partial,
            true => Self::Whole,
        }
    }
}

/// The records of a request: where one ends, and whether it was the last.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    header: Vec<u8>,
    /// Bytes of content and padding that are still to come.
    left: usize,
    is_over: bool,
}

/// Hears what follows these bytes, which begin with a request's first record, and answers it. `false`: the client has
/// gone.
pub async fn answer(client: &mut Client, bytes: &[u8]) -> bool {
    let mut records = Records::default();
    let is_over = records.take(bytes);
    if !is_over && !hear_until(client, |piece| records.take(piece)).await {
        return false;
    }
    let request = [bytes.get(2), bytes.get(3)].map(|byte| byte.copied().unwrap_or_default());
    tell(client, &response(request)).await
}

impl Records {
    /// Says whether the request is over: nothing more comes of its body, it was given up, or it is not understood.
    pub fn take(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() && !self.is_over {
            let skipped = self.left.min(bytes.len());
            self.left -= skipped;
            bytes = &bytes[skipped..];
            let taken = bytes.len().min(HEADER_LENGTH - self.header.len());
            self.header.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if let [version, kind, _, _, high, low, padding, _] = self.header[..] {
                let content = usize::from(u16::from_be_bytes([high, low]));
                self.left = content + usize::from(padding);
                self.is_over = version != VERSION || kind == ABORT_REQUEST || kind == STDIN && content == 0;
                self.header.clear();
            }
        }
        self.is_over
    }
}

/// The whole answer to the request of this number: its output, the output's end, and that it is complete.
pub(super) fn response(request: [u8; 2]) -> Vec<u8> {
    let mut all = Vec::new();
    let complete = [0; BODY_LENGTH as usize];
    for (kind, content) in [(STDOUT, RESPONSE), (STDOUT, &[]), (END_REQUEST, &complete)] {
        let [high, low] = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
        all.extend([VERSION, kind, request[0], request[1], high, low, 0, 0]);
        all.extend(content);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As nginx sends it: BEGIN_REQUEST of a responder, PARAMS and their end, STDIN and its end.
    const REQUEST: &[u8] = b"\x01\x01\0\x07\0\x08\0\0\0\x01\0\0\0\0\0\0\
        \x01\x04\0\x07\0\x05\x03\0\x03\0A=b\0\0\0\x01\x04\0\x07\0\0\0\0\
        \x01\x05\0\x07\0\x04\x04\0body\0\0\0\0\x01\x05\0\x07\0\0\0\0";

    #[test]
    fn a_request_begins_with_its_first_record() {
        assert_eq!(Begin::of(REQUEST), Begin::Whole);
        for part in 0..HEADER_LENGTH {
            assert_eq!(Begin::of(&REQUEST[..part]), Begin::Partial, "{part}");
        }
        for other in [&b"GET /"[..], b"\x01\x04\0\x01", b"\x02\x01", b"\x01\x01\0\x01\0\x09", b"\x16\x03\x01"]
        {
            assert_eq!(Begin::of(other), Begin::None, "{other:?}");
        }
    }

    #[test]
    fn the_answer_is_three_records_as_long_as_they_say() {
        let mut rest = &response([1, 2])[..];
        let mut kinds = Vec::new();
        while let Some((header, content)) = rest.split_first_chunk::<HEADER_LENGTH>() {
            assert_eq!((header[0], &header[2..4]), (VERSION, &[1, 2][..]));
            kinds.push(header[1]);
            rest = &content[usize::from(u16::from_be_bytes([header[4], header[5]]))..];
        }
        assert_eq!((kinds, rest.len()), (vec![STDOUT, STDOUT, END_REQUEST], 0));
    }

    proptest! {
        #[test]
        fn a_request_is_over_with_its_last_byte_in_whatever_pieces_it_comes(cuts in proptest::collection::vec(0..REQUEST.len(), 0..9)) {
            let mut records = Records::default();
            let mut cuts = cuts;
            cuts.extend([0, REQUEST.len() - 1]);
            cuts.sort_unstable();
            for ends in cuts.windows(2) {
                prop_assert!(!records.take(&REQUEST[ends[0]..ends[1]]));
            }
            prop_assert!(records.take(&REQUEST[REQUEST.len() - 1..]));
        }

        #[test]
        fn no_bytes_make_it_panic(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..9)) {
            let mut records = Records::default();
            for piece in pieces {
                records.take(&piece);
                let _ = Begin::of(&piece);
            }
        }
    }
}
