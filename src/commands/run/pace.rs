//! How often something is looked at: at its pace, and more rarely where that is dear. On a slow or busy machine a look
//! takes the processor from those who are waited for.
use crate::sockets::Observer;
use std::time::Duration;

/// What was looked at is followed by a pause of so many times its cost: a quarter of a processor at most.
const PAUSE_PER_COST: u32 = 3;
/// The same where only /proc tells, which walks the whole table, locks it, and writes every row as text: a tenth.
const PAUSE_PER_DEAR_COST: u32 = 9;
/// For the sake of a tenth nobody waits longer: parking takes several looks.
const LONGEST: Duration = Duration::from_secs(1);

/// How much of a processor looks may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Where sock_diag tells, and of what does not come from the kernel's table.
    Quarter,
    /// Where only /proc does; a quarter where a look takes a third of a second or more.
    Tenth,
}

impl Share {
    /// What looks with this source may take.
    #[must_use]
    pub fn of(observer: &Observer) -> Self {
        if observer.is_dear() { Self::Tenth } else { Self::Quarter }
    }

    /// When that may be looked at again which was looked at from `begin` on and cost so much.
    #[must_use]
    pub fn again(self, begin: Duration, cost: Duration, pace: Duration) -> Duration {
        begin + pace.max(cost + self.pause(cost))
    }

    /// How long not to look after a look that cost so much.
    #[must_use]
    pub fn pause(self, cost: Duration) -> Duration {
        let quarter = cost.saturating_mul(PAUSE_PER_COST);
        match self {
            Self::Quarter => quarter,
            Self::Tenth => cost.saturating_mul(PAUSE_PER_DEAR_COST).min(LONGEST).max(quarter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cheap_keeps_its_pace_and_what_is_dear_takes_its_share_of_the_time() {
        let ms = Duration::from_millis;
        for (share, next) in [(Share::Quarter, ms(1200)), (Share::Tenth, ms(1500))] {
            assert_eq!(share.again(ms(1000), ms(1), ms(100)), ms(1100));
            assert_eq!(share.again(ms(1000), ms(50), ms(100)), next);
            assert_eq!(share.again(ms(1000), ms(50), Duration::ZERO), next);
            assert_eq!(share.pause(ms(2000)), ms(6000));
        }
        assert_eq!(Share::Tenth.pause(ms(200)), ms(1000));
    }
}
