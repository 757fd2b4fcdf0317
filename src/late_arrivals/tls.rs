//! TLS: who has not the server's key can only say that the handshake ends here.

/// The type of the record that a ClientHello comes in (RFC 8446, section 5.1). No text begins with this byte.
pub const HANDSHAKE: u8 = 22;

/// A record that is an alert (type 21), its version 0x0303 as in all records since TLS 1.2, of 2 bytes: fatal (2),
/// internal_error (80). RFC 8446, sections 5.1, 6 and 6.2.
///
/// That one is for a reason "unrelated to the peer or the correctness of the protocol". Any other would say something
/// untrue of what the client offered, and handshake_failure (40) or protocol_version (70) would make some try again here
/// with less.
pub const ALERT: &[u8] = &[21, 3, 3, 0, 2, 2, 80];
