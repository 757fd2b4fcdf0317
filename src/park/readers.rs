//! What must hold of whatever waits on a parked connection ([`crate::readers`]).
use super::first_bytes::{FirstBytes, PEEK};
use crate::late_arrivals::readers::request;
use crate::readers::choice;

/// A request stays one when more of it comes, and what the desk will understand as a request is never taken for the rest of
/// something.
///
/// # Panics
/// When it does not hold.
pub fn first_bytes(bytes: &[u8]) {
    let (choice, bytes) = choice(bytes);
    let bytes = &bytes[..bytes.len().min(PEEK)];
    let (part, whole) =
        (FirstBytes::of(&bytes[..bytes.len() * usize::from(choice) / 256]), FirstBytes::of(bytes));
    if part == FirstBytes::Request {
        assert_eq!(whole, part);
    }
    let is_blank = bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
    assert_eq!(whole == FirstBytes::Blank, is_blank);
    if request(bytes).is_some() {
        assert_eq!(whole, FirstBytes::Request, "the desk would answer it");
    }
}
