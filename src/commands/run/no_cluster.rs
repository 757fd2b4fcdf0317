//! lameduck was built without the feature `kubernetes`: nobody is asked, and nothing is told.
use super::supervision::Supervision;
use crate::cli::RunArgs;

/// Nobody who could be asked.
pub struct Cluster;

impl Cluster {
    /// Nobody, whatever the options.
    pub fn of(_: &RunArgs, _in_kubernetes: bool) -> Self {
        Self
    }

    /// Whether it tells of fellow servers.
    #[expect(clippy::unused_self, reason = "as where there is somebody to ask")]
    pub fn finds_fellows(&self) -> bool {
        false
    }
}

#[expect(clippy::unused_self, reason = "as where there is somebody to ask")]
impl Supervision {
    pub(super) fn ask_the_cluster(&mut self) {}

    pub(super) fn hear_from_the_cluster(&mut self) {}

    pub(super) fn leave_the_cluster(&mut self) {}
}
