//! Whether the service account may do something (SelfSubjectAccessReview).
use super::Objects;
use serde_json::{Value, json};

/// Whether this is where reviews are asked for.
pub fn are_at(target: &str) -> bool {
    target.starts_with("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
}

/// The review, with its answer.
pub fn answer(mut review: Value, objects: &Objects) -> Value {
    let asked = &review["spec"]["resourceAttributes"];
    let [namespace, verb, resource] = ["namespace", "verb", "resource"].map(|name| asked[name].as_str());
    assert_eq!(
        (namespace, review["kind"].as_str()),
        (Some("shop"), Some("SelfSubjectAccessReview")),
        "{review}"
    );
    let is_denied = objects.denied.iter().any(|denied| (Some(denied.0), Some(denied.1)) == (verb, resource));
    review["status"] = json!({"allowed": !is_denied});
    review
}
