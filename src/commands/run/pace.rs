//! How often something is looked at: at its pace, and more rarely where that is dear. Looks take the processor from those who
//! are waited for.
use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// What was looked at is followed by a pause of so many times its cost: a quarter of a processor at most.
const PAUSE_PER_COST: u32 = 3;
/// The same of what is dear, and goes on for as long as the drain does: a sixteenth, so that all kinds of looks together take
/// a tenth.
const PAUSE_PER_DEAR_COST: u32 = 15;
/// A look for which a processor works so long is dear: at about a thousand connections, or at /proc, which walks the whole table, locks it, and
/// writes every row as text.
const DEAR: Duration = Duration::from_millis(1);
/// For the sake of the others' processor nobody waits longer: parking takes several looks.
const LONGEST: Duration = Duration::from_secs(1);

/// How much of a processor looks may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// A quarter: of what is soon done, and is waited for.
    Quarter,
    /// Of what goes on: a quarter where it costs little, and where it takes so long that nobody can wait for more pause;
    /// between them a sixteenth.
    Lasting,
}

/// What a look has cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    took: Duration,
    /// Of a processor: on a busy machine that is less.
    used: Duration,
}

/// When a look began.
#[derive(Debug)]
pub struct Begin {
    at: Instant,
    used: Duration,
}

impl Begin {
    /// Now.
    #[must_use]
    pub fn now() -> Self {
        Self { at: Instant::now(), used: used() }
    }

    /// What it has cost until now.
    #[must_use]
    pub fn cost(&self) -> Cost {
        Cost { took: self.at.elapsed(), used: used().saturating_sub(self.used) }
    }
}

/// By this thread until now.
fn used() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

impl Share {
    /// When that may be looked at again which was looked at from `begin` on and cost so much.
    #[must_use]
    pub fn again(self, begin: Duration, cost: Cost, pace: Duration) -> Duration {
        begin + pace.max(cost.took + self.pause(cost))
    }

    /// How long not to look after a look that cost so much.
    #[must_use]
    pub fn pause(self, cost: Cost) -> Duration {
        let quarter = cost.took.saturating_mul(PAUSE_PER_COST);
        match self {
            Self::Lasting if cost.used >= DEAR => {
                cost.used.saturating_mul(PAUSE_PER_DEAR_COST).min(LONGEST).max(quarter)
            }
            Self::Quarter | Self::Lasting => quarter,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cheap_keeps_its_pace_and_what_is_dear_takes_its_share_of_the_time() {
        let us = Duration::from_micros;
        let cost = |cost| Cost { took: us(cost), used: us(cost) };
        let again = |share: Share, used, pace| share.again(us(1_000_000), cost(used), us(pace)).as_micros();
        for share in [Share::Quarter, Share::Lasting] {
            assert_eq!(again(share, 1, 100_000), 1_100_000);
            assert_eq!(again(share, 999, 0), 1_003_996, "a quarter");
            assert_eq!(share.pause(cost(2_000_000)), us(6_000_000), "a quarter");
        }
        assert_eq!(again(Share::Quarter, 50_000, 100_000), 1_200_000);
        for pace in [0, 100_000] {
            assert_eq!(again(Share::Lasting, 50_000, pace), 1_800_000, "a sixteenth");
        }
        assert_eq!(Share::Lasting.pause(cost(200_000)), LONGEST);
    }

    #[test]
    fn what_takes_long_because_others_have_the_processor_is_not_dear() {
        let ms = Duration::from_millis;
        let pause = |took, used| Share::Lasting.pause(Cost { took: ms(took), used: ms(used) });
        assert_eq!(pause(20, 0), ms(60));
        assert_eq!(pause(20, 6), ms(90));
        assert_eq!(pause(40, 6), ms(120));
    }

    #[test]
    fn what_a_look_uses_is_less_than_it_takes_where_it_waits() {
        let begin = Begin::now();
        std::thread::sleep(Duration::from_millis(1));
        let Cost { took, used } = begin.cost();
        assert!(
            used > Duration::ZERO && used < took && took >= Duration::from_millis(1),
            "{used:?} of {took:?}"
        );
    }
}
