//! Frames, as far as their own headers (RFC 9113, section 4.1): bytes in, in pieces of any size, what they were out.

/// What every client says first (RFC 9113, section 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Ours: SETTINGS (type 4) that change nothing (RFC 9113, section 6.5).
pub const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
/// SETTINGS with the flag ACK (1): the client's are taken note of (RFC 9113, section 6.5.3).
pub const SETTINGS_ACK: &[u8] = &[0, 0, 0, 4, 1, 0, 0, 0, 0];
/// GOAWAY (type 7) of 8 bytes on stream 0: the last stream processed is 0, none was, and no error, NO_ERROR, is the
/// reason (RFC 9113, sections 6.8 and 7).
pub const GOAWAY: &[u8] = &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Length (3 bytes), type, flags, stream (4 bytes): RFC 9113, section 4.1.
const HEADER: usize = 9;

/// A frame's type, where it matters here (RFC 9113, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// SETTINGS that want an acknowledgement.
    Settings,
    /// HEADERS or CONTINUATION that end a request's head.
    HeadEnd,
    /// Any other.
    Other,
}

/// Where in a row of frames the next byte is.
#[derive(Debug, Default)]
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
        let frame = (self.payload_left == 0).then(|| Frame::of(self.header[3], self.header[4]));
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
    const HEADERS: u8 = 1;
    const SETTINGS: u8 = 4;
    const CONTINUATION: u8 = 9;
    /// Of SETTINGS.
    const ACK: u8 = 1;
    /// Of HEADERS and CONTINUATION.
    const END_HEADERS: u8 = 4;

    fn of(kind: u8, flags: u8) -> Self {
        match kind {
            Self::SETTINGS if flags & Self::ACK == 0 => Self::Settings,
            Self::HEADERS | Self::CONTINUATION if flags & Self::END_HEADERS != 0 => Self::HeadEnd,
            _ => Self::Other,
        }
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
        let said = [SETTINGS, SETTINGS_ACK, HEAD, &data, GOAWAY].concat();
        let expected =
            [Frame::Settings, Frame::Other, Frame::Other, Frame::HeadEnd, Frame::Other, Frame::Other];
        assert_eq!(all(&[&said]), (expected.to_vec(), true));
        assert_eq!(all(&[&HEAD[..20]]), (vec![Frame::Other], false));
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
