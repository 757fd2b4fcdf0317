//! What a service account may do, as a Role says it.
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};

#[cfg(feature = "manifests")]
use k8s_openapi::api::authorization::v1::{SubjectAccessReview, SubjectAccessReviewSpec};

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

    /// The question whether it is granted to whoever asks, in a namespace.
    #[must_use]
    pub fn review(self, namespace: &str) -> SelfSubjectAccessReview {
        let resource_attributes = Some(self.attributes(namespace));
        let spec =
            SelfSubjectAccessReviewSpec { resource_attributes, ..SelfSubjectAccessReviewSpec::default() };
        SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() }
    }

    /// The question whether it is granted to a service account of the namespace, by its own name or its groups
    /// (`MakeGroupNames` in apiserver's pkg/authentication/serviceaccount/util.go).
    #[cfg(feature = "manifests")]
    #[must_use]
    pub fn review_of(self, account: &str, namespace: &str) -> SubjectAccessReview {
        let own = format!("system:serviceaccounts:{namespace}");
        let groups = ["system:serviceaccounts", &own, "system:authenticated"];
        let spec = SubjectAccessReviewSpec {
            user: Some(format!("system:serviceaccount:{namespace}:{account}")),
            groups: Some(groups.map(str::to_owned).into()),
            resource_attributes: Some(self.attributes(namespace)),
            ..SubjectAccessReviewSpec::default()
        };
        SubjectAccessReview { spec, ..SubjectAccessReview::default() }
    }

    fn attributes(self, namespace: &str) -> ResourceAttributes {
        let (verb, group, resource) = self.rule();
        ResourceAttributes {
            namespace: Some(namespace.to_owned()),
            verb: Some(verb.to_owned()),
            group: Some(group.to_owned()),
            resource: Some(resource.to_owned()),
            ..ResourceAttributes::default()
        }
    }
}
