//! The API's objects, as far as they are read. Generated types know every field of every kind, and are ten times the program.
//! What the API server's own language calls an empty list may be `null` in JSON.
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// meta/v1, ObjectMeta.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    pub name: Option<String>,
    pub uid: Option<String>,
    pub labels: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "time")]
    pub deletion_timestamp: Option<SystemTime>,
    pub owner_references: Option<Vec<OwnerReference>>,
}

/// meta/v1, OwnerReference.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerReference {
    pub api_version: String,
    pub kind: String,
    pub name: String,
    pub uid: String,
    pub controller: Option<bool>,
}

/// core/v1, Pod.
#[derive(Debug, Deserialize)]
pub struct Pod {
    #[allow(dead_code, reason = "anything else is no pod, and is refused when it is read")]
    kind: Option<PodKind>,
    pub metadata: Metadata,
    pub spec: Option<PodSpec>,
}

#[derive(Debug, Deserialize)]
enum PodKind {
    Pod,
}

/// What is wanted of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodSpec {
    pub readiness_gates: Option<Vec<ReadinessGate>>,
    pub termination_grace_period_seconds: Option<i64>,
}

/// A condition without which the pod is not ready.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadinessGate {
    pub condition_type: String,
}

/// discovery.k8s.io/v1, EndpointSliceList.
#[derive(Debug, Deserialize)]
pub struct EndpointSliceList {
    #[allow(dead_code, reason = "anything else would be read as an empty list")]
    kind: ListKind,
    #[serde(default)]
    pub metadata: ListMetadata,
    #[serde(default, deserialize_with = "list")]
    pub items: Vec<EndpointSlice>,
}

#[derive(Debug, Deserialize)]
enum ListKind {
    EndpointSliceList,
}

/// meta/v1, ListMeta.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListMetadata {
    pub resource_version: Option<String>,
}

/// discovery.k8s.io/v1, EndpointSlice.
#[derive(Debug, Clone, Deserialize)]
pub struct EndpointSlice {
    #[allow(dead_code, reason = "anything else is no slice")]
    kind: Option<SliceKind>,
    #[serde(default)]
    pub metadata: Metadata,
    #[serde(default, deserialize_with = "list")]
    pub endpoints: Vec<Endpoint>,
    pub ports: Option<Vec<EndpointPort>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum SliceKind {
    EndpointSlice,
}

/// One endpoint of a slice.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    #[serde(default, deserialize_with = "list")]
    pub addresses: Vec<String>,
    pub conditions: Option<EndpointConditions>,
    pub target_ref: Option<ObjectReference>,
}

/// What is said of an endpoint.
#[derive(Debug, Clone, Deserialize)]
pub struct EndpointConditions {
    pub ready: Option<bool>,
    pub terminating: Option<bool>,
}

/// A port of all endpoints of a slice.
#[derive(Debug, Clone, Deserialize)]
pub struct EndpointPort {
    pub name: Option<String>,
    pub port: Option<i32>,
    pub protocol: Option<String>,
}

/// core/v1, ObjectReference.
#[derive(Debug, Clone, Deserialize)]
pub struct ObjectReference {
    pub kind: Option<String>,
    pub name: Option<String>,
    pub uid: Option<String>,
}

/// A line of a watch.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", content = "object", rename_all = "UPPERCASE")]
pub enum WatchEvent {
    Added(EndpointSlice),
    Modified(EndpointSlice),
    Deleted(EndpointSlice),
    Bookmark(serde::de::IgnoredAny),
    Error(serde::de::IgnoredAny),
}

/// authorization.k8s.io/v1: a review that was answered.
#[derive(Debug, Deserialize)]
pub struct Review {
    pub status: Option<ReviewStatus>,
}

/// The answer.
#[derive(Debug, Deserialize)]
pub struct ReviewStatus {
    pub allowed: bool,
}

fn list<'a, D: Deserializer<'a>, T: Deserialize<'a>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// meta/v1, Time: RFC 3339, in UTC.
fn time<'a, D: Deserializer<'a>>(from: D) -> Result<Option<SystemTime>, D::Error> {
    let text: Option<String> = Option::deserialize(from)?;
    text.map(|text| humantime::parse_rfc3339(&text)).transpose().map_err(serde::de::Error::custom)
}
