//! A moment of the drain's clock, small: there may be ten thousand connections.
use crate::park::quiet::milliseconds;
use std::num::NonZeroU32;
use std::time::Duration;

/// A moment, to the millisecond; a drain takes less than 49 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(NonZeroU32);

impl Moment {
    pub fn of(at: Duration) -> Self {
        let at = u32::try_from(milliseconds(at)).unwrap_or(u32::MAX);
        Self(NonZeroU32::MIN.saturating_add(at))
    }

    /// How long ago it was, at `at`.
    pub fn ago(self, at: Duration) -> Duration {
        Duration::from_millis(Self::of(at).0.get().saturating_sub(self.0.get()).into())
    }
}

impl Default for Moment {
    fn default() -> Self {
        Self::of(Duration::ZERO)
    }
}
