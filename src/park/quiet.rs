//! How long a silence is a rest: "it has spoken" is not "it has finished".
use super::Seen;
use std::time::Duration;

/// A connection on which nobody has said a byte for so long may be at rest.
pub const QUIET: Duration = Duration::from_millis(250);
/// A response that pauses is not over before a silence of so many of its pauses.
const PAUSES: u32 = 4;
/// Answers seldom take longer. What has been speaking for longer since it was asked is a stream, or was a long answer.
const LONG_ANSWER: Duration = Duration::from_secs(2);
/// The kernel's clock of a connection's words (HZ 100 at the coarsest).
const TICK: Duration = Duration::from_millis(10);
/// The longest silence that the kernel can tell (a u32 of milliseconds): so long before its beginning, a drain's clock
/// counts words that were said before the stop.
const LONGEST_SILENCE: Duration = Duration::from_millis(u32::MAX as u64);

/// Whether there is time to wait for silences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Wait for [`QUIET`].
    Patient,
    /// Any instant between two requests will do.
    Impatient,
}

/// What is remembered of a connection's silences.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet {
    received: u64,
    sent: u64,
    /// When the server last spoke, [`LONGEST_SILENCE`] added.
    spoke_at: Duration,
    /// When the server began the answer that it gave last, as [`Self::spoke_at`]; `None`: nobody saw it begin.
    began_at: Option<Duration>,
    /// The longest pause that the server made and then went on, without a word from the client in between.
    longest_pause: Duration,
}

impl Quiet {
    /// Takes in a look.
    pub fn look(&mut self, seen: &Seen) {
        let now = seen.at + LONGEST_SILENCE;
        let (spoke_at, heard_at) =
            (now.saturating_sub(seen.server_quiet), now.saturating_sub(seen.client_quiet));
        if self.received != seen.received {
            self.began_at = None;
        } else if self.sent > 0 && seen.sent > self.sent {
            if self.spoke_at > heard_at + TICK {
                self.longest_pause = self.longest_pause.max(spoke_at.saturating_sub(self.spoke_at));
            } else {
                self.began_at.get_or_insert(spoke_at);
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
            |began_at| self.spoke_at.saturating_sub(began_at),
        );
        let needed = least.max(self.longest_pause * PAUSES).max(if answer > LONG_ANSWER {
            answer
        } else {
            Duration::ZERO
        });
        seen.client_quiet.min(seen.server_quiet) >= needed
    }
}
