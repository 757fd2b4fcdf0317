//! The reports of drains, from the termination messages of pods that have gone. Only a watch sees them.
use super::cluster::Namespace;
use super::watch::{Seen, Watch};
use super::workload::SELECTOR;
use serde_json::Value;
use std::collections::BTreeMap;

/// The containers of a pod's status.
const LISTS: [&str; 2] = ["/status/containerStatuses", "/status/initContainerStatuses"];

/// The pods of a scene, watched.
#[derive(Debug)]
pub struct Reports(Watch);

impl Reports {
    /// Begins to watch.
    pub fn watch(namespace: &Namespace) -> Self {
        Self(Watch::start(namespace, &["pods", SELECTOR]))
    }

    /// Waits until these pods are gone, and gives the reports that they left, with whose they are.
    ///
    /// # Panics
    /// When one has left none.
    pub fn of(&self, pods: &[String]) -> Vec<Value> {
        let gone = |seen: &[Seen], pod: &String| {
            seen.iter().any(|seen| seen.how == "DELETED" && seen.object["metadata"]["uid"] == **pod)
        };
        self.0
            .wait_for("the end of the old pods", |seen| pods.iter().all(|pod| gone(seen, pod)).then_some(()));
        let left: BTreeMap<String, Value> = self.0.seen().iter().filter_map(report).collect();
        let of =
            |pod: &String| left.get(pod).unwrap_or_else(|| panic!("{pod} went without a report")).clone();
        pods.iter().map(of).collect()
    }
}

/// A pod's unique id, and the report of its drain.
fn report(seen: &Seen) -> Option<(String, Value)> {
    let statuses = LISTS.iter().filter_map(|list| seen.object.pointer(list)?.as_array()).flatten();
    let mut messages = statuses.filter_map(|status| status["state"]["terminated"]["message"].as_str());
    // A line for people, and the report.
    let report = messages.find_map(|message| serde_json::from_str(message.split_once('\n')?.1).ok())?;
    Some((seen.object["metadata"]["uid"].as_str()?.to_owned(), report))
}
