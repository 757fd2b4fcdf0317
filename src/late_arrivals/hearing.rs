//! Hearing a client out: its request's head, and where there is nothing better to do with it, its body.
use super::body::Body;
use super::client::Client;
use super::opening::{Opening, Protocol, understand, understand_no_more};
use super::passage::Visit;
use super::request::Head;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep, timeout_at};

/// A client that has begun to speak has so long for its request's head.
pub const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// Between two pieces of a body a client may be silent for so long, ...
const PIECE_WITHIN: Duration = Duration::from_secs(5);
/// ... and have so long for all of it: the grace period of a pod, of which more is not left.
const BODY_WITHIN: Duration = Duration::from_secs(30);
/// Whoever sends a longer body is answered before it is whole.
const LONGEST_BODY: usize = 16 * 1024 * 1024;

/// A connection, and what came of it. Boxed: a future keeps twice what it is given by value, and thousands wait. tokio takes
/// the memory of a task in whole lines of the cache, so that its clock is in a box as well: it would be a line more.
#[derive(Debug)]
pub struct Caller {
    /// The connection.
    pub client: Client,
    /// What it has said so far and was not taken for a header of the PROXY protocol.
    pub bytes: Vec<u8>,
    /// That header.
    pub proxy_header: Box<[u8]>,
    /// The way to the server, for clients of TLS.
    pub visit: Option<Visit>,
    /// Until when it may be silent; once it has begun to speak, until when it may be at its request's head.
    until: Pin<Box<Sleep>>,
}

/// What a client said first.
#[derive(Debug)]
pub enum Heard {
    /// A request; more than its head may have come.
    Request(Box<Head>),
    /// Nothing, or too little, or nothing that can be understood: it may expect HTTP.
    Unclear,
    /// Something else than HTTP/1.
    NotHttp1(Protocol),
    /// It has gone.
    Gone,
}

impl Caller {
    /// Of whom this much was read already; one that does not speak has `silent_grace`.
    pub fn new(client: Client, bytes: Vec<u8>, visit: Option<Visit>, silent_grace: Duration) -> Self {
        let grace = if bytes.is_empty() { silent_grace } else { HEAD_WITHIN.max(silent_grace) };
        Self { client, bytes, proxy_header: Box::default(), visit, until: Box::pin(sleep(grace)) }
    }

    /// Reads more of what it says. `None`: it is silent, or slower than anybody is waited for.
    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<usize>>> {
        let Self { client, bytes, until, .. } = self;
        match client.poll_take(context, |more| bytes.extend_from_slice(more)) {
            Poll::Ready(read) => Poll::Ready(Some(read)),
            Poll::Pending => until.as_mut().poll(context).map(|()| None),
        }
    }

    /// It has begun to speak; or all that it said was a header, and it has said nothing of its own yet.
    fn has_changed(&mut self, silent_grace: Duration) {
        let longer = HEAD_WITHIN.saturating_sub(silent_grace);
        let until = self.until.deadline();
        let until = if self.bytes.is_empty() { until - longer } else { until + longer };
        self.until.as_mut().reset(until);
    }

    /// What it has said, once that is clear; `is_over`: there is no more to come.
    fn understood(&mut self, is_over: bool) -> Option<Heard> {
        loop {
            let opening = if is_over { understand_no_more(&self.bytes) } else { understand(&self.bytes) };
            match opening {
                Opening::Partial => {
                    // The first byte tells TLS.
                    if let Some(visit) = self.visit.as_mut().filter(|_| !self.bytes.is_empty()) {
                        visit.needs_nobody();
                    }
                    return None;
                }
                Opening::ProxyHeader(length) if self.proxy_header.is_empty() => {
                    self.proxy_header = self.bytes.drain(..length).collect();
                }
                Opening::ProxyHeader(_) => return Some(Heard::NotHttp1(Protocol::Other)),
                Opening::Request(head) => return Some(Heard::Request(Box::new(head))),
                Opening::Garbled => return Some(Heard::Unclear),
                Opening::NotHttp1(protocol) => return Some(Heard::NotHttp1(protocol)),
            }
        }
    }
}

/// Reads until it is clear what the client wants.
pub async fn hear(caller: &mut Caller, silent_grace: &Duration) -> Heard {
    let mut is_silent = caller.bytes.is_empty();
    let mut is_over = false;
    loop {
        if let Some(heard) = caller.understood(is_over) {
            return heard;
        }
        if caller.bytes.is_empty() != is_silent {
            is_silent = !is_silent;
            caller.has_changed(*silent_grace);
        }
        match poll_fn(|context| caller.poll_more(context)).await {
            Some(Ok(1..)) => {}
            // It has closed its half: there is no more to come.
            Some(Ok(0)) if !caller.bytes.is_empty() => is_over = true,
            Some(Ok(0) | Err(_)) => return Heard::Gone,
            None => is_over = true,
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
