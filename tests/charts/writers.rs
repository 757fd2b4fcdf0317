//! The two writers, given the same options: those of the chart, which are the command line of `lameduck inject` by other names.
use crate::support::charts::Charts;
use crate::support::{finish, lameduck};
use serde_json::{Value, json};

/// The modes.
pub const MODES: [&str; 3] = ["entrypoint", "hook", "sidecar"];
/// lameduck's image.
pub const IMAGE: &str = "registry.example/lameduck:1";

/// The options, switched on in this mode.
pub fn with(options: &Value, mode: &str) -> Value {
    let mut options = options.clone();
    for (key, value) in [("enabled", true.into()), ("image", IMAGE.into()), ("mode", mode.into())] {
        options[key] = value;
    }
    options
}

/// What the library chart makes of a manifest, beside what `inject` has made of it.
pub fn render(charts: &Charts, manifest: &str, injected: &str, options: &Value) -> Result<String, String> {
    let values = json!({"manifest": manifest, "injected": injected, "lameduck": options});
    charts.template("manifest", &values, &[])
}

/// Without the note for `uninject`, which a chart needs not, and what was made for it.
pub fn bare(object: &Value) -> Value {
    let mut object = object.clone();
    let metadata = &mut object["metadata"];
    if let Some(annotations) = metadata["annotations"].as_object_mut() {
        annotations.remove("lameduck.dev/injected");
    }
    for part in [&["metadata", "annotations"][..], &["metadata"]] {
        let (last, way) = part.split_last().expect("a key");
        let parent = way.iter().fold(&mut object, |object, key| &mut object[*key]);
        if parent[last].is_null() || parent[last].as_object().is_some_and(serde_json::Map::is_empty) {
            parent.as_object_mut().map(|parent| parent.remove(*last));
        }
    }
    object
}

/// The chart's options as the command line of `lameduck inject`.
pub fn arguments(options: &Value) -> Vec<String> {
    let mut arguments = Vec::new();
    for (name, value) in options.as_object().expect("a map") {
        let name = match name.as_str() {
            "enabled" => continue,
            "pullPolicy" => "pull-policy",
            "ports" => "port",
            name => name,
        };
        match value {
            Value::Bool(true) => arguments.push(format!("--{name}")),
            Value::Array(items) if name == "command" => {
                let words = items.iter().map(|item| item.as_str().expect("a word"));
                arguments.push(format!("--command={}", shlex::try_join(words).expect("words")));
            }
            Value::Array(items) => arguments.extend(items.iter().map(|item| format!("--{name}={item}"))),
            Value::Object(entries) => {
                let entry = |(key, value): (&String, &Value)| {
                    format!("--{name}={key}={}", value.as_str().expect("text"))
                };
                arguments.extend(entries.iter().map(entry));
            }
            value => arguments.push(format!("--{name}={}", value.as_str().expect("text"))),
        }
    }
    arguments
}

/// What `lameduck inject` makes of a manifest.
pub fn inject(manifest: &str, options: &Value) -> Result<String, String> {
    run(manifest, &arguments(options))
}

/// The same, with this command line.
pub fn run(manifest: &str, arguments: &[String]) -> Result<String, String> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), manifest).expect("the same");
    let output = finish(lameduck().arg("inject").arg("--filename").arg(file.path()).args(arguments));
    let [said, wrong] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("UTF-8"));
    if output.status.success() { Ok(said) } else { Err(wrong) }
}
