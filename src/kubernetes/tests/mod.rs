//! What is pure of it, on slices and pods as the API server writes them.
//!
//! | file | subject |
//! |---|---|
//! | `standing` | whether traffic is sent here |
//! | `fellows` | who else serves |
//! | `own_pod` | deadline, surroundings and owner |
//! | `identity` | who this pod is, as its token tells |
//! | `events` | what is written about it |
//! | `pauses` | what is tried again, and when |
mod events;
mod fellows;
mod identity;
mod own_pod;
mod pauses;
mod standing;

use super::identity::Identity;
use super::objects::EndpointSlice;
use super::slices::Slices;
use serde_json::{Value, json};

/// The pod of the stories: `web-0`, at 10.0.0.1.
fn identity() -> Identity {
    Identity {
        name: "web-0".to_owned(),
        uid: Some("uid-0".to_owned()),
        ips: vec!["10.0.0.1".parse().unwrap()],
    }
}

/// An endpoint: the pod `web-N` at 10.0.0.(N+1).
fn endpoint(number: u8, conditions: &Value) -> Value {
    json!({
        "addresses": [format!("10.0.0.{}", number + 1)],
        "conditions": conditions,
        "targetRef": {"kind": "Pod", "namespace": "shop", "name": format!("web-{number}"), "uid": format!("uid-{number}")}
    })
}

fn ready(number: u8) -> Value {
    endpoint(number, &json!({"ready": true, "serving": true, "terminating": false}))
}

fn terminating(number: u8) -> Value {
    endpoint(number, &json!({"ready": false, "serving": true, "terminating": true}))
}

/// A slice of a Service, with the port `http`.
fn slice(name: &str, service: &str, port: u16, endpoints: &[Value]) -> EndpointSlice {
    serde_json::from_value(json!({
        "metadata": {"name": name, "namespace": "shop", "labels": {"kubernetes.io/service-name": service}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
        "endpoints": endpoints
    }))
    .unwrap()
}

fn slices(list: &[EndpointSlice]) -> Slices {
    Slices::new(list.to_vec(), &[], &identity(), None)
}
