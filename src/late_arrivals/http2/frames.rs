//! Frames, as far as their own headers (RFC 9113, section 4.1): bytes in, in pieces of any size, what they were out.

/// What every client says first (RFC 9113, section 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Ours: SETTINGS (type 4) that change nothing (RFC 9113, section 6.5).
pub const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
/// SETTINGS with the flag ACK (1): the client's are taken note of (RFC 9113, section 6.5.3).
pub const SETTINGS_ACK: &[u8] = &[0, 0, 0, 4, 1, 0, 0, 0, 0];
/// The greatest number of a stream: as the last one of a GOAWAY it says that more will follow, and nothing of any stream
/// (RFC 9113, sections 5.1.1 and 6.8).
pub const HIGHEST_STREAM: u32 = (1 << 31) - 1;

/// Length (3 bytes), type, flags, stream (4 bytes): RFC 9113, section 4.1.
const HEADER: usize = 9;

/// A frame that has ended, by its header (RFC 9113, sections 4.1 and 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    kind: u8,
    flags: u8,
    /// 0: the whole connection.
    pub stream: u32,
}

/// GOAWAY (type 7) of 8 bytes on stream 0: no stream behind `last` was processed, 0: none at all, and no error, NO_ERROR, is
/// the reason (RFC 9113, sections 6.8 and 7).
pub fn goaway(last: u32) -> [u8; 17] {
    let mut frame = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    frame[HEADER..HEADER + 4].copy_from_slice(&last.to_be_bytes());
    frame
}

/// Where in a row of frames the next byte is.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Frames {
    header: Vec<u8>,
    payload_left: usize,
}

impl Frames {
    /// Takes bytes up to the end of one frame: how many, and which frame has ended with them, if one has.
    pub fn take(&mut self, bytes: &[u8]) -> (usize, Option<Frame>) {
        let of_header = (HEADER - self.header.len()).min(bytes.len());
        self.header.extend_from_slice(&bytes[..of_header]);
        if self.header.len() < HEADER {
            return (of_header, None);
        }
        if of_header > 0 {
            let length = u32::from_be_bytes([0, self.header[0], self.header[1], self.header[2]]);
            self.payload_left = length as usize;
        }
        let of_payload = self.payload_left.min(bytes.len() - of_header);
        self.payload_left -= of_payload;
        let frame = (self.payload_left == 0).then(|| Frame::of(&self.header));
        if frame.is_some() {
            self.header.clear();
        }
        (of_header + of_payload, frame)
    }

    /// Whether no frame has begun that has not ended.
    pub fn is_between(&self) -> bool {
        self.header.is_empty()
    }
}

impl Frame {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const RST_STREAM: u8 = 3;
    const SETTINGS: u8 = 4;
    const PUSH_PROMISE: u8 = 5;
    const GOAWAY: u8 = 7;
    const CONTINUATION: u8 = 9;
    /// Of SETTINGS.
    const ACK: u8 = 1;
    /// Of DATA and HEADERS.
    const END_STREAM: u8 = 1;
    /// Of HEADERS, PUSH_PROMISE and CONTINUATION.
    const END_HEADERS: u8 = 4;

    /// By its header's 9 bytes; the stream's number has 31 bits.
    fn of(header: &[u8]) -> Self {
        let stream = header[5..].iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
        Self { kind: header[3], flags: header[4], stream: stream & HIGHEST_STREAM }
    }

    fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// SETTINGS that want an acknowledgement.
    pub fn is_settings(self) -> bool {
        self.kind == Self::SETTINGS && !self.has(Self::ACK)
    }

    /// A part of a head, which only the head's next part may follow until one ends it (RFC 9113, section 6.10).
    pub fn is_of_head(self) -> bool {
        [Self::HEADERS, Self::PUSH_PROMISE, Self::CONTINUATION].contains(&self.kind)
    }

    /// The last part of a head.
    pub fn ends_head(self) -> bool {
        self.is_of_head() && self.has(Self::END_HEADERS)
    }

    /// The head of a request or an answer, or of its trailers.
    pub fn is_headers(self) -> bool {
        self.kind == Self::HEADERS
    }

    /// The last that its sender says on the stream, the CONTINUATIONs behind it aside.
    pub fn ends_stream(self) -> bool {
        [Self::DATA, Self::HEADERS].contains(&self.kind) && self.has(Self::END_STREAM)
    }

    /// The end of the stream for both.
    pub fn resets(self) -> bool {
        self.kind == Self::RST_STREAM
    }

    /// The other is sent away.
    pub fn is_goaway(self) -> bool {
        self.kind == Self::GOAWAY
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// HEADERS without END_HEADERS, its CONTINUATION with it.
    const HEAD: &[u8] = &[0, 0, 1, 1, 1, 0, 0, 0, 1, 0x82, 0, 0, 2, 9, 4, 0, 0, 0, 1, 0x84, 0x86];

    fn all(pieces: &[&[u8]]) -> (Vec<Frame>, bool) {
        let (mut frames, mut seen) = (Frames::default(), Vec::new());
        for piece in pieces {
            let mut piece = *piece;
            while !piece.is_empty() {
                let (taken, frame) = frames.take(piece);
                assert!(taken > 0, "it goes on");
                seen.extend(frame);
                piece = &piece[taken..];
            }
        }
        (seen, frames.is_between())
    }

    #[test]
    fn a_request_s_head_ends_with_the_frame_that_says_so() {
        let data = [0, 0, 3, 0, 1, 0, 0, 0, 1, 1, 2, 3];
        let (seen, is_between) = all(&[&[SETTINGS, SETTINGS_ACK, HEAD, &data, &goaway(5)].concat()]);
        let told = |tell: fn(Frame) -> bool| seen.iter().map(|frame| tell(*frame)).collect::<Vec<_>>();
        assert!(is_between);
        assert_eq!(told(Frame::is_settings), [true, false, false, false, false, false]);
        assert_eq!(told(Frame::is_of_head), [false, false, true, true, false, false]);
        assert_eq!(told(Frame::is_headers), [false, false, true, false, false, false]);
        assert_eq!(told(Frame::ends_head), [false, false, false, true, false, false]);
        assert_eq!(told(Frame::ends_stream), [false, false, true, false, true, false]);
        assert_eq!(told(Frame::is_goaway), [false, false, false, false, false, true]);
        assert_eq!(seen.iter().map(|frame| frame.stream).collect::<Vec<_>>(), [0, 0, 1, 1, 1, 0]);
        assert!(!all(&[&HEAD[..20]]).1);
    }

    #[test]
    fn a_goaway_names_the_last_stream() {
        assert_eq!(goaway(HIGHEST_STREAM)[9..], [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
        assert_eq!(goaway(3)[..13], [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 3]);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_in_which_pieces_they_come(
            bytes in proptest::collection::vec(prop_oneof![Just(0_u8), 0_u8..10], 0..200),
            cut in any::<proptest::sample::Index>(),
        ) {
            let cut = cut.index(bytes.len() + 1);
            let bytewise: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(all(&[&bytes]), all(&bytewise));
            prop_assert_eq!(all(&[&bytes]), all(&[&bytes[..cut], &bytes[cut..]]));
        }
    }
}
