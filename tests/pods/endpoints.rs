//! When a Service had no endpoint to send anybody to: whoever could not connect then was lost by nobody.
use super::cluster::Namespace;
use super::watch::{Seen, Watch};
use super::workload::SLICES;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

/// How long kube-proxy may take to hear of an endpoint: it programs changes once a second at most, and a machine that is busy
/// takes its time.
const PROPAGATION: Duration = Duration::from_secs(2);

/// The Service's slices, watched.
#[derive(Debug)]
pub struct Endpoints(Watch);

/// From when to when there was none.
pub type Gap = (SystemTime, SystemTime);

impl Endpoints {
    /// Begins to watch.
    pub fn watch(namespace: &Namespace) -> Self {
        Self(Watch::start(namespace, &["endpointslices", SLICES]))
    }

    /// When there was none, with the time that it takes until this is known.
    pub fn gaps(&self) -> Vec<Gap> {
        gaps(&self.0.seen(), SystemTime::now())
    }
}

fn gaps(seen: &[Seen], now: SystemTime) -> Vec<Gap> {
    let (mut slices, mut gaps) = (BTreeMap::new(), Vec::new());
    let mut without_since = None;
    for Seen { at, how, object } in seen {
        slices.insert(object["metadata"]["name"].to_string(), how != "DELETED" && has_endpoint(object));
        let any = slices.values().any(|has| *has);
        match without_since {
            None if !any => without_since = Some(*at),
            Some(since) if any => {
                gaps.push((since, *at + PROPAGATION));
                without_since = None;
            }
            _ => {}
        }
    }
    gaps.extend(without_since.map(|since| (since, now + PROPAGATION)));
    gaps
}

/// kube-proxy sends to whoever is ready; where nobody is, to those who are serving while they terminate (KEP-1669).
fn has_endpoint(slice: &Value) -> bool {
    let conditions =
        slice["endpoints"].as_array().into_iter().flatten().map(|endpoint| &endpoint["conditions"]);
    conditions
        .into_iter()
        .any(|is| is["ready"] == true || (is["serving"] == true && is["terminating"] == true))
}
