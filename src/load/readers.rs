//! What must hold of whatever a server under trial answers, or a client program tells ([`crate::readers`]).
use super::body::LONGEST_HEAD;
use super::response::Response;
use crate::readers::{choice, pieces};

/// An answer is whole at the same byte however it comes.
///
/// # Panics
/// When it does not hold.
pub fn load_response(bytes: &[u8]) {
    let (size, bytes) = choice(bytes);
    let bytes = &bytes[..bytes.len().min(LONGEST_HEAD)];
    let mut at_once = Response::default();
    let result = at_once.feed(bytes);
    let (mut by_pieces, mut last) = (Response::default(), Ok(None));
    for piece in pieces(size, bytes) {
        last = by_pieces.feed(piece);
        if last.is_err() {
            break;
        }
    }
    assert_eq!(result, last);
    if result.is_ok() {
        assert_eq!(at_once.close(), by_pieces.close());
        assert_eq!(at_once.persists(), by_pieces.persists());
        assert_eq!(at_once.told_to_continue(), by_pieces.told_to_continue());
        let (rest, of_pieces) = (at_once.into_rest(), by_pieces.into_rest());
        assert_eq!(rest, of_pieces);
        assert!(bytes.ends_with(&rest), "what is behind is not what came last");
    }
}

/// Lines of a client program: one by the rules is understood, whatever others say.
///
/// # Panics
/// When it does not hold.
pub fn client_lines(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for line in text.lines() {
        if super::told::is_understood(line) {
            assert!((2..=3).contains(&line.split_ascii_whitespace().count()));
        }
    }
    let number = bytes.first_chunk().map_or(0, |number| u64::from_le_bytes(*number));
    let status = 200 + number % 400;
    for line in [format!("begin {number}"), format!("sent {number}"), format!("end {number} {status}")] {
        assert!(super::told::is_understood(&line), "{line}");
    }
}
