//! lameduck was built without the feature `kubernetes`: nobody is asked, and nothing is said of it.
use super::finding::Finding;
use crate::cli::HookArgs;
use std::time::Duration;

/// Nothing.
#[derive(Debug, Default)]
pub struct Cluster {
    /// None.
    pub findings: Vec<Finding>,
    /// Not known.
    pub grace_period: Option<Duration>,
    /// Never.
    pub reads_pod: bool,
    /// Never.
    pub sees_withdrawal: bool,
}

impl Cluster {
    /// Nobody.
    pub fn asked(_: &HookArgs, _in_kubernetes: bool) -> Self {
        Self::default()
    }
}
