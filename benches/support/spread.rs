//! The spread of many samples.

/// Samples, sorted. Never empty.
#[derive(Debug, Clone)]
pub struct Spread(Vec<f64>);

impl Spread {
    /// The names of what [`Self::cells`] gives.
    pub const COLUMNS: [&str; 5] = ["min", "median", "p90", "p99", "max"];

    /// Sorts the samples.
    ///
    /// # Panics
    /// When there is none: then nothing was measured.
    pub fn of(samples: impl IntoIterator<Item = f64>) -> Self {
        let mut samples: Vec<f64> = samples.into_iter().collect();
        assert!(!samples.is_empty(), "nothing was measured");
        samples.sort_unstable_by(f64::total_cmp);
        Self(samples)
    }

    /// How many samples there are.
    #[allow(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The nearest rank: the smallest sample that so many of a hundred do not exceed.
    pub fn percentile(&self, percent: usize) -> f64 {
        self.0[(self.0.len() * percent).div_ceil(100).saturating_sub(1)]
    }

    /// Half of the samples are not above it.
    pub fn median(&self) -> f64 {
        self.percentile(50)
    }

    /// The cells of a row, in [`Self::COLUMNS`]' order.
    pub fn cells(&self) -> Vec<String> {
        [0, 50, 90, 99, 100].map(|percent| format!("{:.0}", self.percentile(percent))).into()
    }
}
