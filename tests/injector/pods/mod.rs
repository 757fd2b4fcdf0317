//! Pods of every kind, plain and odd: each is one that an API server takes.
mod annotations;
mod containers;
mod specs;

use serde_json::{Value, json};

/// A pod, and what the policy shall do about it that `lameduck inject` does not.
#[derive(Debug, Clone)]
pub struct Odd {
    pub name: &'static str,
    pub pod: Value,
    pub but: But,
}

/// Where the policy and `inject` part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum But {
    /// Nowhere.
    Alike,
    /// The policy passes it over, and says nothing.
    PassedOver,
    /// The policy leaves it alone, and says this.
    LeftAlone(&'static str),
    /// What is added has other resources.
    Resources,
    /// `inject` has no command line for it.
    NoInject,
}

/// A name, what of a plain pod is changed, and where the two part.
type Changes = (&'static str, Value, But);

/// All of them.
pub fn all() -> Vec<Odd> {
    let changes = [containers::all(), annotations::all(), specs::all()].concat();
    let of = |(name, changes, but): Changes| Odd { name, pod: pod(name, &changes), but };
    let mut all: Vec<Odd> = changes.into_iter().map(of).collect();
    let mut generated = pod("generated", &json!({}));
    let metadata = generated["metadata"].as_object_mut().expect("metadata");
    metadata.remove("name");
    metadata.insert("generateName".into(), "web-5d8f-".into());
    all.push(Odd { name: "a-name-that-is-generated", pod: generated, but: But::NoInject });
    all
}

/// A pod of one container `web`, changed.
fn pod(name: &str, changes: &Value) -> Value {
    let plain = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "web"}},
        "spec": {"automountServiceAccountToken": false, "containers": [container("web")]},
    });
    with(&plain, changes)
}

/// A container, as a manifest has it.
fn container(name: &str) -> Value {
    json!({"name": name, "image": "registry.example/web:1", "command": ["gunicorn"], "args": ["app:app"],
        "ports": [{"containerPort": 8000}]})
}

/// The container `web`, changed.
fn web(changes: &Value) -> Value {
    json!({"spec": {"containers": [with(&container("web"), changes)]}})
}

fn annotated(name: &str, value: &str) -> Value {
    json!({"metadata": {"annotations": {name: value}}})
}

/// Merged, as RFC 7386 has it: null takes away, lists are replaced.
fn with(value: &Value, changes: &Value) -> Value {
    let (Some(entries), Some(changed)) = (value.as_object(), changes.as_object()) else {
        return changes.clone();
    };
    let mut merged = entries.clone();
    for (key, change) in changed {
        if change.is_null() {
            merged.remove(key);
        } else {
            let before = merged.get(key).cloned().unwrap_or_default();
            merged.insert(key.clone(), with(&before, change));
        }
    }
    merged.into()
}
