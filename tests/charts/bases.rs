//! Workloads as there are, as text: what `lameduck inject` and the library chart are both given.
use serde_json::{Value, json};

/// The workload of one of inject's own manifests.
pub fn of_file(file: &str) -> String {
    let path = format!("{}/tests/inject/manifests/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let workload = |part: &&str| part.contains("template:") || part.contains("\"template\":");
    text.split("\n---\n").find(workload).expect("a workload").to_owned()
}

/// A Deployment of one container with a command and a port, changed by what is laid over its template: maps key by key, a list's items
/// place by place.
pub fn deployment(change: &Value) -> String {
    let mut template = json!({
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{
            "name": "web", "image": "registry.example/web:1", "command": ["gunicorn"], "args": ["app:application"],
            "ports": [{"containerPort": 8000}],
        }]},
    });
    lay(&mut template, change);
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template},
    })
    .to_string()
}

/// The change of the server's container.
pub fn container(change: &Value) -> Value {
    json!({"spec": {"containers": [change]}})
}

fn lay(over: &mut Value, change: &Value) {
    match (over, change) {
        (Value::Object(over), Value::Object(change)) => {
            for (key, value) in change {
                lay(over.entry(key.clone()).or_insert(Value::Null), value);
            }
            over.retain(|_, value| !value.is_null());
        }
        (Value::Array(over), Value::Array(change)) if !over.is_empty() && change[0].is_object() => {
            for (place, value) in change.iter().enumerate() {
                match over.get_mut(place) {
                    Some(item) => lay(item, value),
                    None => over.push(value.clone()),
                }
            }
        }
        (over, change) => *over = change.clone(),
    }
}
