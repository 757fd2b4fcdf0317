//! lameduck was built without the feature `kubernetes`: nobody is asked, and nothing is told.
use super::supervision::Supervision;
use crate::cli::{HookArgs, RunArgs};
use crate::drain::Report;

/// Nobody who could be asked.
pub struct Cluster;

impl Cluster {
    /// Nobody, whatever the options.
    #[must_use]
    pub fn of(_: &RunArgs, _in_kubernetes: bool) -> Self {
        Self
    }

    /// The same for a hook.
    #[must_use]
    pub fn of_hook(_: &HookArgs, _in_kubernetes: bool) -> Self {
        Self
    }

    /// Whether it tells of fellow servers.
    #[must_use]
    pub fn finds_fellows(&self) -> bool {
        false
    }
}

#[expect(clippy::unused_self, reason = "as where there is somebody to ask")]
impl Supervision {
    /// The same: there is nobody to ask.
    #[must_use]
    pub fn asking(self, _: Cluster) -> Self {
        self
    }

    pub(super) fn ask_the_cluster(&mut self) {}

    pub(super) fn hear_from_the_cluster(&mut self) {}

    pub(super) fn leave_the_cluster(&mut self) {}

    pub(super) fn announce(&mut self, _: &Report) {}

    pub(super) fn finish_announcing(&mut self) {}
}
