//! The Events that tell of this pod: of core/v1, not of events.k8s.io/v1, which refuses `lastTimestamp`, by which people
//! sort them, and `source`, which older kubectls show (ValidateEventCreate, pkg/apis/core/validation/events.go). Pure.
use super::{Identity, Owner};
use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta, Time};
use k8s_openapi::jiff::Timestamp;

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
    now: Timestamp,
) -> Vec<Event> {
    let reference = |api_version: &str, kind: &str, name: &str, uid: Option<&String>| ObjectReference {
        api_version: Some(api_version.to_owned()),
        kind: Some(kind.to_owned()),
        name: Some(name.to_owned()),
        namespace: Some(namespace.to_owned()),
        uid: uid.cloned(),
        ..ObjectReference::default()
    };
    let pod = reference("v1", "Pod", &identity.name, identity.uid.as_ref());
    let of_owner = owner.map(|owner| {
        let about = reference(&owner.api_version, &owner.kind, &owner.name, Some(&owner.uid));
        // One of many, and `kubectl get events` shows nothing of `related`.
        let message = format!("pod {}: {}", identity.name, notice.message);
        Event { related: Some(pod.clone()), ..event(notice, &message, about, identity, now) }
    });
    let of_pod = event(notice, &notice.message, pod.clone(), identity, now);
    std::iter::once(of_pod).chain(of_owner).collect()
}

fn event(
    notice: &Notice,
    message: &str,
    about: ObjectReference,
    identity: &Identity,
    now: Timestamp,
) -> Event {
    let second = Timestamp::from_second(now.as_second()).unwrap_or(now);
    // As client-go's recorder names them: unique, and by the object.
    let unique = format!(".{:x}", now.as_nanosecond());
    let name = cut(about.name.as_deref().unwrap_or_default(), LONGEST_NAME - unique.len());
    Event {
        metadata: ObjectMeta {
            name: Some(format!("{}{unique}", name.trim_end_matches(['-', '.']))),
            namespace: about.namespace.clone(),
            ..ObjectMeta::default()
        },
        involved_object: about,
        type_: Some(if notice.is_warning { "Warning" } else { "Normal" }.to_owned()),
        reason: Some(notice.reason.to_owned()),
        action: Some(ACTION.to_owned()),
        message: Some(cut(message, LONGEST_MESSAGE).to_owned()),
        source: Some(EventSource { component: Some(COMPONENT.to_owned()), host: None }),
        reporting_component: Some(COMPONENT.to_owned()),
        reporting_instance: Some(cut(&identity.name, LONGEST_INSTANCE).to_owned()),
        first_timestamp: Some(Time(second)),
        last_timestamp: Some(Time(second)),
        event_time: Some(MicroTime(now)),
        count: Some(1),
        ..Event::default()
    }
}

fn cut(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}
