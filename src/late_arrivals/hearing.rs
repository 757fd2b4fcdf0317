//! Hearing a client out: its request's head, and where there is nothing better to do with it, its body.
use super::body::Body;
use super::client::Client;
use super::opening::{Opening, Protocol, understand, understand_no_more};
use super::passage::Visit;
use super::request::Head;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A client that has begun to speak has so long for its request's head.
pub const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// Between two pieces of a body a client may be silent for so long, ...
const PIECE_WITHIN: Duration = Duration::from_secs(5);
/// ... and have so long for all of it: the grace period of a pod, of which more is not left.
const BODY_WITHIN: Duration = Duration::from_secs(30);
/// Whoever sends a longer body is answered before it is whole.
const LONGEST_BODY: usize = 16 * 1024 * 1024;

/// What a client said first.
#[derive(Debug)]
pub enum Heard {
    /// A request; of the bytes more than its head may have come.
    Request(Head, Vec<u8>),
    /// Nothing, or too little, or nothing that can be understood: it may expect HTTP.
    Unclear,
    /// Something else than HTTP/1.
    NotHttp1(Protocol, Vec<u8>),
    /// It has gone.
    Gone,
}

/// Reads, after these bytes, until it is clear what the client wants; one that does not speak has `silent_grace`. A
/// header of the PROXY protocol that came before it is put into `proxy_header`.
pub async fn hear(
    client: &mut Client,
    mut bytes: Vec<u8>,
    proxy_header: &mut Vec<u8>,
    mut visit: Option<&mut Visit>,
    silent_grace: Duration,
) -> Heard {
    let (begin, mut is_over) = (Instant::now(), false);
    loop {
        let opening = if is_over { understand_no_more(&bytes) } else { understand(&bytes) };
        match opening {
            // The first byte tells TLS.
            Opening::Partial if !bytes.is_empty() => visit.take().into_iter().for_each(Visit::needs_nobody),
            Opening::Partial => {}
            Opening::ProxyHeader(length) if proxy_header.is_empty() => {
                *proxy_header = bytes.drain(..length).collect();
                continue;
            }
            Opening::ProxyHeader(_) => return Heard::NotHttp1(Protocol::Other, bytes),
            Opening::Request(head) => return Heard::Request(head, bytes),
            Opening::Garbled => return Heard::Unclear,
            Opening::NotHttp1(protocol) => return Heard::NotHttp1(protocol, bytes),
        }
        let end = begin + if bytes.is_empty() { silent_grace } else { HEAD_WITHIN.max(silent_grace) };
        match timeout_at(end, client.read(|more| bytes.extend_from_slice(more))).await {
            Ok(Ok(1..)) => {}
            // It has closed its half: there is no more to come.
            Ok(Ok(0)) if !bytes.is_empty() => is_over = true,
            Ok(Ok(0) | Err(_)) => return Heard::Gone,
            // Silent, or slower than anybody is waited for.
            Err(_) => is_over = true,
        }
    }
}

/// Reads the rest of a request away. Whatever the client pipelined behind it is not waited for. `false`: it has gone.
pub async fn hear_out(client: &mut Client, body: &mut Body) -> bool {
    body.is_over() || hear_until(client, |piece| body.take(piece).is_err() || body.is_over()).await
}

/// Reads what comes, until that says of a piece that it was the last, for no longer than for a body. `false`: the client
/// has gone.
pub async fn hear_until(client: &mut Client, mut is_over: impl FnMut(&[u8]) -> bool) -> bool {
    let end = Instant::now() + BODY_WITHIN;
    let (mut left, mut was_last) = (LONGEST_BODY, false);
    while !was_last && left > 0 {
        let piece_end = end.min(Instant::now() + PIECE_WITHIN);
        let read = client.read(|piece| was_last = is_over(piece));
        match timeout_at(piece_end, read).await {
            Ok(Ok(length @ 1..)) => left = left.saturating_sub(length),
            // It has closed its half, or is slower than anybody is waited for: tell it all the same.
            Ok(Ok(0)) | Err(_) => return true,
            Ok(Err(_)) => return false,
        }
    }
    true
}
