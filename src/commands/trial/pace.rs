//! How many new connections come in a second: more than the server can do.

/// The load is this many times what the server can do, so that its backlog never empties.
const OVERLOAD: f64 = 1.3;
/// The highest rate that is chosen without being asked for, in connections a second: the client shares
/// the machine with the server.
const HIGHEST_AUTO: f64 = 1000.0;

/// A rate, and how it came about.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// New connections a second.
    pub rate: f64,
    /// What the server can do, in answers a second, where that is known.
    pub capacity: Option<f64>,
}

impl Pace {
    /// The rate that keeps a server of this capacity busy, within bounds.
    pub fn above(capacity: f64) -> Self {
        Self { rate: (OVERLOAD * capacity).min(HIGHEST_AUTO), capacity: Some(capacity) }
    }

    /// Whether the server may catch up with the load.
    pub fn may_empty(&self) -> bool {
        self.capacity.is_some_and(|capacity| self.rate <= capacity)
    }
}

#[cfg(test)]
mod tests {
    use super::super::built_in::BuiltIn;
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_load_is_above_the_capacity_until_it_is_capped() {
        let server = BuiltIn { workers: 2, work: Duration::from_millis(20), slow: None };
        let pace = Pace::above(server.capacity());
        assert!((pace.rate - 130.0).abs() < 1e-6 && !pace.may_empty(), "{pace:?}");

        let fast = Pace::above(5000.0);
        assert!((fast.rate - 1000.0).abs() < 1e-6 && fast.may_empty(), "{fast:?}");
    }
}
