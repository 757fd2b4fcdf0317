//! What this pod's object tells. Pure.
use super::objects::Pod;
use super::{Identity, Trouble};
use std::time::{Duration, Instant, SystemTime};

/// Readiness gates that a cloud's load balancer sets: AWS Load Balancer Controller, and GKE's container-native ingress.
const LOAD_BALANCERS: [&str; 2] =
    ["target-health.elbv2.k8s.aws/", "cloud.google.com/load-balancer-neg-ready"];
/// Date has whole seconds (RFC 9110, section 5.6.7): it may be almost one more.
const DATE_STEP: Duration = Duration::from_secs(1);

/// Whether a readiness gate is a cloud's load balancer's.
#[must_use]
pub fn is_load_balancers(condition_type: &str) -> bool {
    LOAD_BALANCERS.iter().any(|load_balancer| condition_type.starts_with(load_balancer))
}

/// What this pod's object tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPod {
    /// When the kubelet kills its containers, at the earliest; `None`: nobody has deleted it.
    pub killed_at: Option<Instant>,
    /// A cloud's load balancer sends it traffic.
    pub has_load_balancer: bool,
    /// Its unique id.
    pub uid: Option<String>,
    /// What has made it, and replaces it.
    pub owner: Option<Owner>,
}

/// The controller of a pod: a ReplicaSet, a StatefulSet, a DaemonSet, a Job, ...
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Such as `apps/v1`.
    pub api_version: String,
    /// Such as `ReplicaSet`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its unique id.
    pub uid: String,
}

/// Reads it. `date` is what the answer's Date header says, `asked` when the request was sent: the difference of the two
/// clocks does not matter.
///
/// # Errors
/// When it is another pod than this one, or there is no telling when it is killed.
pub fn read(pod: &Pod, identity: &Identity, date: Option<&str>, asked: Instant) -> Result<OwnPod, Trouble> {
    let theirs = pod.metadata.uid.as_deref();
    if identity.uid.as_deref().zip(theirs).is_some_and(|(ours, theirs)| ours != theirs) {
        return Err(Trouble::OtherPod(identity.name.clone()));
    }
    let gates = pod.spec.as_ref().and_then(|spec| spec.readiness_gates.as_ref());
    let has_load_balancer = gates.into_iter().flatten().any(|gate| is_load_balancers(&gate.condition_type));
    let killed_at = match &pod.metadata.deletion_timestamp {
        None => None,
        Some(deletion) => {
            let date = date
                .and_then(server_time)
                .ok_or_else(|| Trouble::Unreadable("it has no Date, which its time is told by".to_owned()))?;
            let left = deletion.duration_since(date).unwrap_or_default().saturating_sub(DATE_STEP);
            Some(asked.checked_add(left).unwrap_or(asked))
        }
    };
    let (uid, owner) = (pod.metadata.uid.clone(), owner(pod));
    Ok(OwnPod { killed_at, has_load_balancer, uid, owner })
}

/// Of several owners one at most is the controller (metav1.GetControllerOf).
fn owner(pod: &Pod) -> Option<Owner> {
    let mut owners = pod.metadata.owner_references.iter().flatten();
    let one = owners.find(|owner| owner.controller == Some(true))?.clone();
    Some(Owner { api_version: one.api_version, kind: one.kind, name: one.name, uid: one.uid })
}

fn server_time(date: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(date).ok()
}
