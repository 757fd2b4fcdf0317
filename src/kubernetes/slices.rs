//! What the EndpointSlices say of this pod. Pure: slices and events in, a standing out.
use super::identity::Identity;
use super::objects::{Endpoint, EndpointSlice, WatchEvent};
use std::collections::{BTreeMap, BTreeSet};

/// The label with the Service's name (EndpointSlice's documentation, discovery/v1).
pub const SERVICE: &str = "kubernetes.io/service-name";

/// Whether traffic is sent to this pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// No Service selects it.
    NotSelected,
    /// This slice offers it, and each of its Services has other ready endpoints.
    Offered(String),
    /// This Service has no other ready endpoint.
    Alone(String),
    /// No Service offers it any more, and each has others.
    Withdrawn,
}

/// The slices of the Services that matter.
#[derive(Debug, Clone)]
pub struct Slices {
    by_name: BTreeMap<String, EndpointSlice>,
    /// The Services that select this pod: known from the beginning, because a slice may let go of it.
    services: BTreeSet<String>,
}

impl Slices {
    /// The slices of a LIST. Services that are named count; where none is, those count that have this pod, now or in
    /// `before`.
    pub fn new(
        list: Vec<EndpointSlice>,
        named: &[String],
        identity: &Identity,
        before: Option<&Self>,
    ) -> Self {
        let mut services: BTreeSet<String> = named.iter().cloned().collect();
        if named.is_empty() {
            services = before.map(|before| before.services.clone()).unwrap_or_default();
            let ours = list.iter().filter(|slice| slice.endpoints.iter().any(|one| identity.is(one)));
            services.extend(ours.map(service));
        }
        let mut slices = Self { by_name: BTreeMap::new(), services };
        for slice in list {
            slices.put(slice);
        }
        slices
    }

    /// Takes what a watch tells. Says whether the watch goes on.
    pub fn apply(&mut self, event: WatchEvent) -> bool {
        match event {
            WatchEvent::Added(slice) | WatchEvent::Modified(slice) => self.put(slice),
            WatchEvent::Deleted(slice) => {
                self.by_name.remove(&slice.metadata.name.unwrap_or_default());
            }
            WatchEvent::Bookmark(_) => {}
            WatchEvent::Error(_) => return false,
        }
        true
    }

    /// What they say.
    pub fn standing(&self, identity: &Identity) -> Standing {
        if self.services.is_empty() {
            return Standing::NotSelected;
        }
        let is_other = |one: &Endpoint| !identity.is(one) && takes_traffic(one);
        for name in &self.services {
            let mut slices = self.of(name).peekable();
            // A Service without slices is gone, and nobody comes by it.
            if slices.peek().is_some() && !slices.any(|slice| slice.endpoints.iter().any(is_other)) {
                return Standing::Alone(name.clone());
            }
        }
        let offers =
            |slice: &&EndpointSlice| slice.endpoints.iter().any(|one| identity.is(one) && takes_traffic(one));
        match self.by_name.values().find(offers) {
            Some(slice) => Standing::Offered(slice.metadata.name.clone().unwrap_or_default()),
            None => Standing::Withdrawn,
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &EndpointSlice> {
        self.by_name.values()
    }

    fn of(&self, name: &str) -> impl Iterator<Item = &EndpointSlice> {
        self.by_name.values().filter(move |slice| service(slice) == name)
    }

    fn put(&mut self, slice: EndpointSlice) {
        if self.services.contains(&service(&slice)) {
            self.by_name.insert(slice.metadata.name.clone().unwrap_or_default(), slice);
        }
    }
}

/// The Service of a slice; one that has no label stands for itself.
pub fn service(slice: &EndpointSlice) -> String {
    let label = slice.metadata.labels.as_ref().and_then(|labels| labels.get(SERVICE));
    label.or(slice.metadata.name.as_ref()).cloned().unwrap_or_default()
}

/// Whether new traffic is meant to go there: ready, which it is if nothing is said, and not terminating. The second is
/// said apart, because a Service with publishNotReadyAddresses calls everything ready.
pub fn takes_traffic(endpoint: &Endpoint) -> bool {
    endpoint
        .conditions
        .as_ref()
        .is_none_or(|conditions| conditions.ready.unwrap_or(true) && !conditions.terminating.unwrap_or(false))
}
