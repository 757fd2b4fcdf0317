//! Sending a client of HTTP/2 away, when it has asked.
use super::super::answer::tell;
use super::super::client::Client;
use super::super::hearing::HEAD_WITHIN;
use super::frames::{Frames, PREFACE, SETTINGS, SETTINGS_ACK, goaway};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// From its first request until GOAWAY: what a client says in one breath, a body or more requests, is read before, and one that
/// sends it again at once, to the same address, does not do so thousands of times a second. Go's net/http and grpcio bear
/// GOAWAY at any time; what Go does not bear is a close with its request unread, a reset.
const BREATH: Duration = Duration::from_millis(150);
/// A client that says more before GOAWAY is sent away at once. One that keeps to the rules says 64 KiB of a body: no
/// window is opened (RFC 9113, section 6.9.2).
const LONGEST_SPEECH: usize = 1024 * 1024;

/// What it said so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::late_arrivals) struct Said {
    frames: Frames,
    /// SETTINGS that were not acknowledged yet.
    settings: usize,
    has_begun: bool,
    has_asked: bool,
    /// It did not begin with SETTINGS, and what it says cannot be understood (RFC 9113, section 3.4).
    is_nonsense: bool,
    length: usize,
}

/// Hears what follows these bytes, which begin with the preface or a part of it, and says GOAWAY: after its first request,
/// or when it asks nothing in `silent_grace`. `false`: it has gone.
pub async fn send_away(client: &mut Client, bytes: &[u8], silent_grace: Duration) -> bool {
    let mut said = Said::default();
    said.take(bytes.get(PREFACE.len()..).unwrap_or_default());
    // Some clients ask only when they have seen it.
    if !tell(client, SETTINGS).await {
        return false;
    }
    let begin = Instant::now();
    let mut asked_at = None;
    loop {
        let acknowledgements = SETTINGS_ACK.repeat(std::mem::take(&mut said.settings));
        if !tell(client, &acknowledgements).await {
            return false;
        }
        let end = if said.has_asked {
            *asked_at.get_or_insert_with(Instant::now) + BREATH
        } else if said.frames.is_between() {
            begin + silent_grace
        } else {
            begin + HEAD_WITHIN.max(silent_grace)
        };
        if said.is_nonsense || said.length > LONGEST_SPEECH {
            break;
        }
        match timeout_at(end, client.read(|more| said.take(more))).await {
            Ok(Ok(1..)) => {}
            // It has closed its half, or has had its time.
            Ok(Ok(0)) | Err(_) => break,
            Ok(Err(_)) => return false,
        }
    }
    tell(client, &goaway(0)).await
}

impl Said {
    pub fn take(&mut self, mut bytes: &[u8]) {
        self.length += bytes.len();
        while !bytes.is_empty() && !self.is_nonsense {
            let (taken, frame) = self.frames.take(bytes);
            bytes = &bytes[taken..];
            let Some(frame) = frame else { continue };
            self.is_nonsense = !self.has_begun && !frame.is_settings();
            self.has_begun = true;
            self.settings += usize::from(frame.is_settings());
            self.has_asked |= frame.ends_head();
        }
    }
}
