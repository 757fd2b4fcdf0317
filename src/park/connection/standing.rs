//! What a connection is to be counted as.
use super::{Connection, Seen, Stance};
use crate::park::Patience;
use crate::sockets::connections::Standing;

/// After so many looks at what was read in spite of the mark, it does not hold here: the server reads before it waits, or is woken
/// by a long body.
const IN_SPITE: u8 = 3;

impl Connection {
    /// What the drain should take it to be doing.
    #[must_use]
    pub fn standing(&self, seen: &Seen, patience: Patience) -> Option<Standing> {
        // What the mark holds comes to rest; only the rest may never do so.
        let holds = self.stance == Stance::Parked && self.in_spite < IN_SPITE;
        let patience = if holds { Patience::Patient } else { patience };
        let rest = if self.quiet.is_rest(seen, patience) { Standing::Idle } else { Standing::InFlight };
        match (self.stance, seen.standing) {
            (Stance::Taken, _) => Some(Standing::Over),
            (Stance::Parked, Some(Standing::Unread)) if seen.delivered && self.may_wait() => Some(rest),
            (Stance::Parked, Some(Standing::Unread)) => Some(Standing::InFlight),
            (Stance::Open, Some(Standing::Idle)) if self.has_its_own(seen) => Some(Standing::InFlight),
            (_, Some(Standing::Idle)) => Some(rest),
            (_, standing) => standing,
        }
    }

    /// The server has read so many bytes by now.
    pub(super) fn count_in_spite(&mut self, read: u64) {
        self.in_spite = self.in_spite.saturating_add(u8::from(read > self.read));
    }
}
