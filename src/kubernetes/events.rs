//! The Events that tell of this pod: of core/v1, not of events.k8s.io/v1, which refuses `lastTimestamp`, by which people
//! sort them, and `source`, which older kubectls show (ValidateEventCreate, pkg/apis/core/validation/events.go). Pure.
use super::{Identity, Owner};
use humantime::{format_rfc3339_micros, format_rfc3339_seconds};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Who says it.
const COMPONENT: &str = "lameduck";
/// What was done (`action`, which an Event with an `eventTime` has to have).
const ACTION: &str = "Drain";
/// The longest name of an object, bytes (a DNS subdomain, RFC 1123).
const LONGEST_NAME: usize = 253;
/// The longest `reportingInstance`, bytes (`ReportingInstanceLengthLimit`, in the same file).
const LONGEST_INSTANCE: usize = 128;
/// The longest message, bytes (`NoteLengthLimit`, there).
const LONGEST_MESSAGE: usize = 1024;

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// One word for programs, such as `Drained`.
    pub reason: &'static str,
    /// Whether something has gone wrong.
    pub is_warning: bool,
    /// A sentence for people.
    pub message: String,
}

/// The Events of a notice: on this pod, and on its owner if it is known.
pub fn events(
    notice: &Notice,
    namespace: &str,
    identity: &Identity,
    owner: Option<&Owner>,
    now: SystemTime,
) -> Vec<Value> {
    let reference = |api_version: &str, kind: &str, name: &str, uid: Option<&str>| {
        let mut reference =
            json!({"apiVersion": api_version, "kind": kind, "name": name, "namespace": namespace});
        if let Some(uid) = uid {
            reference["uid"] = uid.into();
        }
        reference
    };
    let pod = reference("v1", "Pod", &identity.name, identity.uid.as_deref());
    let of_owner = owner.map(|owner| {
        let about = reference(&owner.api_version, &owner.kind, &owner.name, Some(&owner.uid));
        // One of many, and `kubectl get events` shows nothing of `related`.
        let message = format!("pod {}: {}", identity.name, notice.message);
        let mut event = event(notice, &message, &about, identity, now);
        event["related"] = pod.clone();
        event
    });
    let of_pod = event(notice, &notice.message, &pod, identity, now);
    std::iter::once(of_pod).chain(of_owner).collect()
}

fn event(notice: &Notice, message: &str, about: &Value, identity: &Identity, now: SystemTime) -> Value {
    // As client-go's recorder names them: unique, and by the object.
    let unique = format!(".{:x}", now.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos());
    let name = cut(about["name"].as_str().unwrap_or_default(), LONGEST_NAME - unique.len());
    let name = format!("{}{unique}", name.trim_end_matches(['-', '.']));
    let second = format_rfc3339_seconds(now).to_string();
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": about["namespace"]},
        "involvedObject": about,
        "type": if notice.is_warning { "Warning" } else { "Normal" },
        "reason": notice.reason,
        "action": ACTION,
        "message": cut(message, LONGEST_MESSAGE),
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "reportingInstance": cut(&identity.name, LONGEST_INSTANCE),
        "firstTimestamp": second,
        "lastTimestamp": second,
        "eventTime": format_rfc3339_micros(now).to_string(),
        "count": 1,
    })
}

fn cut(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}
