//! Why the API server tells nothing, and the way out of it.
use crate::kubernetes::Trouble;

/// What happened, without the way out that the log gives in the same sentence.
pub fn seen(trouble: &Trouble) -> String {
    match trouble {
        Trouble::ServiceAccount { file, reason } => format!("{}: {reason}", file.display()),
        Trouble::Address(what) => what.clone(),
        Trouble::Client(what) => format!("no client can be made: {what}"),
        Trouble::Unreachable(what) => format!("cannot be reached: {what}"),
        Trouble::Untrusted(what) => format!("is not believed: {what}"),
        Trouble::NoPod { name, namespace } => format!("there is no pod {name} in {namespace} (404)"),
        Trouble::Doubtful(what) => format!("no endpoint of the namespace is the pod that was named ({what})"),
        Trouble::Forbidden { what, verb, .. } => format!("the service account may not {verb} {what} (403)"),
        other => other.to_string(),
    }
}

/// What to do about it.
pub fn way_out(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::ServiceAccount { .. } => {
            "let the pod have its service account's token (automountServiceAccountToken), name its directory \
             (--service-account), or do not ask: --withdrawal off"
        }
        Trouble::Address(_) => {
            "leave KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT as the kubelet sets them"
        }
        Trouble::Client(_) => {
            "look at the service account's ca.crt (--service-account): it has to be a certificate"
        }
        Trouble::Unauthorized => {
            "let the pod have a token that is valid: one of its own service account, projected anew by the kubelet \
             (--service-account names its directory)"
        }
        Trouble::Forbidden { .. } => {
            "grant it by a Role (docs/kubernetes.md), or do not ask: --withdrawal off"
        }
        Trouble::Late(_) | Trouble::Unreachable(_) => {
            "let a NetworkPolicy permit this pod to reach the API server, or do not ask: --withdrawal off"
        }
        Trouble::Untrusted(_) => "let ca.crt be that of this cluster (--service-account names its directory)",
        Trouble::OtherPod(_) | Trouble::Nameless | Trouble::Doubtful(_) => {
            "set LAMEDUCK_POD_NAME and LAMEDUCK_POD_UID by the downward API"
        }
        Trouble::Refused { .. } | Trouble::NoPod { .. } => {
            "set LAMEDUCK_POD_NAME and LAMEDUCK_POD_NAMESPACE by the downward API, as the pod's own"
        }
        Trouble::Overloaded { .. } | Trouble::Gone | Trouble::Unreadable(_) => {
            "try again; if it stays so, look at the API server, and at what is between it and this pod"
        }
        Trouble::Thread(_) => "raise the limit of processes or of descriptors",
    }
}
