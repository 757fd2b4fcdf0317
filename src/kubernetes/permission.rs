//! What a service account may do, as a Role says it.
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};

/// What lameduck may want to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// The endpoints of a namespace's Services.
    ListSlices,
    /// Their changes.
    WatchSlices,
    /// This pod, and so any of the namespace.
    GetPods,
    /// Events about a pod.
    CreateEvents,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ListSlices, Self::WatchSlices, Self::GetPods, Self::CreateEvents];

    /// Verb, group and resource.
    #[must_use]
    pub fn rule(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::ListSlices => ("list", "discovery.k8s.io", "endpointslices"),
            Self::WatchSlices => ("watch", "discovery.k8s.io", "endpointslices"),
            Self::GetPods => ("get", "", "pods"),
            Self::CreateEvents => ("create", "", "events"),
        }
    }

    /// The question whether it is granted in a namespace.
    #[must_use]
    pub fn review(self, namespace: &str) -> SelfSubjectAccessReview {
        let (verb, group, resource) = self.rule();
        let attributes = ResourceAttributes {
            namespace: Some(namespace.to_owned()),
            verb: Some(verb.to_owned()),
            group: Some(group.to_owned()),
            resource: Some(resource.to_owned()),
            ..ResourceAttributes::default()
        };
        let spec = SelfSubjectAccessReviewSpec {
            resource_attributes: Some(attributes),
            ..SelfSubjectAccessReviewSpec::default()
        };
        SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() }
    }
}
