//! What is asked at the stop.
use super::Whoami;
use std::path::PathBuf;

/// What is asked at the stop.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether the Services' endpoints are followed.
    pub withdrawal: bool,
    /// The Services by name; empty: those whose endpoints have this pod.
    pub services: Vec<String>,
    /// Whether this pod is read.
    pub own_pod: bool,
    /// Whether Events tell how the drain went.
    pub events: bool,
    /// The directory of the service account's files.
    pub service_account: PathBuf,
    /// What was told of this pod.
    pub whoami: Whoami,
}

impl Settings {
    /// Whether there is anything to ask at the stop.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.withdrawal || self.own_pod
    }
}
