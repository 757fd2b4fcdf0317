//! What a service account may do, as a Role says it.
use serde_json::{Value, json};

/// Where one's own permissions are asked for.
pub const SELF_REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
/// Where those of others are.
#[cfg(feature = "manifests")]
pub const REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

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
    pub fn review(self, namespace: &str) -> Value {
        let spec = json!({"resourceAttributes": self.attributes(namespace)});
        json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec})
    }

    /// The question whether it is granted to a service account of the namespace, by its own name or its groups
    /// (`MakeGroupNames` in apiserver's pkg/authentication/serviceaccount/util.go).
    #[cfg(feature = "manifests")]
    #[must_use]
    pub fn review_of(self, account: &str, namespace: &str) -> Value {
        let own = format!("system:serviceaccounts:{namespace}");
        let spec = json!({
            "user": format!("system:serviceaccount:{namespace}:{account}"),
            "groups": ["system:serviceaccounts", own, "system:authenticated"],
            "resourceAttributes": self.attributes(namespace),
        });
        json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec})
    }

    fn attributes(self, namespace: &str) -> Value {
        let (verb, group, resource) = self.rule();
        json!({"namespace": namespace, "verb": verb, "group": group, "resource": resource})
    }
}
