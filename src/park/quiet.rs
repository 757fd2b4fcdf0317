//! How long a silence is a rest: "it has spoken" is not "it has finished".
use super::Seen;
use std::num::NonZeroU64;
use std::time::Duration;

/// A connection on which nobody has said a byte for so long may be at rest.
pub const QUIET: Duration = Duration::from_millis(250);
/// A response that pauses is not over before a silence of so many of its pauses.
const PAUSES: u32 = 4;
/// Answers seldom take longer. What has been speaking for longer since it was asked is a stream, or was a long answer.
const LONG_ANSWER: Duration = Duration::from_secs(2);
/// The kernel's clock of a connection's words (HZ 100 at the coarsest).
const TICK: Duration = Duration::from_millis(10);
/// The longest silence that the kernel can tell, in milliseconds: so long before its beginning, a drain's clock counts
/// words that were said before the stop.
const LONGEST_SILENCE: u64 = u32::MAX as u64;

/// Whether there is time to wait for silences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Wait for [`QUIET`].
    Patient,
    /// Any instant between two requests will do.
    Impatient,
}

/// What is remembered of a connection's silences. In milliseconds, to be small: there may be ten thousand.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet {
    received: u64,
    sent: u64,
    /// When the server last spoke, [`LONGEST_SILENCE`] added.
    spoke_at: u64,
    /// When the server began the answer that it gave last, as [`Self::spoke_at`]; `None`: nobody saw it begin.
    began_at: Option<NonZeroU64>,
    /// The longest pause that the server made and then went on, without a word from the client in between.
    longest_pause: u32,
}

impl Quiet {
    /// Bytes received at the last look.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Takes in a look.
    pub fn look(&mut self, seen: &Seen) {
        let ago = |quiet: Duration| {
            milliseconds(seen.at).saturating_add(LONGEST_SILENCE).saturating_sub(milliseconds(quiet))
        };
        let (spoke_at, heard_at) = (ago(seen.server_quiet), ago(seen.client_quiet));
        if self.received != seen.received {
            self.began_at = None;
        } else if self.sent > 0 && seen.sent > self.sent {
            if self.spoke_at > heard_at + milliseconds(TICK) {
                let pause = spoke_at.saturating_sub(self.spoke_at);
                self.longest_pause = self.longest_pause.max(u32::try_from(pause).unwrap_or(u32::MAX));
            } else {
                self.began_at = self.began_at.or(NonZeroU64::new(spoke_at));
            }
        }
        (self.received, self.sent, self.spoke_at) = (seen.received, seen.sent, spoke_at);
    }

    /// Whether the present silence is a rest.
    pub fn is_rest(&self, seen: &Seen, patience: Patience) -> bool {
        let least = if patience == Patience::Patient { QUIET } else { Duration::ZERO };
        // For how long the server had been speaking when it last spoke; where nobody saw it begin, or working.
        let answer = self.began_at.map_or_else(
            || seen.client_quiet.saturating_sub(seen.server_quiet),
            |began_at| Duration::from_millis(self.spoke_at.saturating_sub(began_at.get())),
        );
        let needed = least
            .max(Duration::from_millis(self.longest_pause.into()) * PAUSES)
            .max(if answer > LONG_ANSWER { answer } else { Duration::ZERO });
        seen.client_quiet.min(seen.server_quiet) >= needed
    }
}

/// Whole milliseconds; as many as fit.
pub(super) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
