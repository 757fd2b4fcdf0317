//! How often something is looked at: at its pace, and more rarely where that is dear. On a slow or busy machine a look
//! takes the processor from those who are waited for.
use std::time::Duration;

/// What was looked at is followed by a pause of so many times its cost: a quarter of a processor at most.
const PAUSE_PER_COST: u32 = 3;

/// When that may be looked at again which was looked at from `begin` on and cost so much.
#[must_use]
pub fn again(begin: Duration, cost: Duration, pace: Duration) -> Duration {
    begin + pace.max(cost + pause(cost))
}

/// How long not to look after a look that cost so much.
#[must_use]
pub fn pause(cost: Duration) -> Duration {
    cost.saturating_mul(PAUSE_PER_COST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cheap_keeps_its_pace_and_what_is_dear_takes_a_quarter_of_the_time() {
        let ms = Duration::from_millis;
        assert_eq!(again(ms(1000), ms(1), ms(100)), ms(1100));
        assert_eq!(again(ms(1000), ms(50), ms(100)), ms(1200));
        assert_eq!(again(ms(1000), ms(50), Duration::ZERO), ms(1200));
    }
}
