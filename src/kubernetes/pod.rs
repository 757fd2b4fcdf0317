//! A pod's object, as far as it is read. That of k8s-openapi knows every kind of volume: 400 kB of program.
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;

/// core/v1, Pod.
#[derive(Debug, Deserialize)]
pub struct Pod {
    #[allow(dead_code, reason = "anything else is no pod, and is refused when it is read")]
    kind: Option<Kind>,
    pub metadata: ObjectMeta,
    pub spec: Option<PodSpec>,
}

#[derive(Debug, Deserialize)]
enum Kind {
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
