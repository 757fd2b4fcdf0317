//! The text as documents, and the pods' templates in them.
use super::Trouble;
use super::edits::Path;
use super::tree::{self, Kind, Node};
use serde::de::IgnoredAny;
use std::ops::Range;

/// Kinds that have a pod's template, and the version of the API that they are in.
const KINDS: [(&str, &str, &str); 6] = [
    ("apps", "v1", "Deployment"),
    ("apps", "v1", "StatefulSet"),
    ("apps", "v1", "DaemonSet"),
    ("apps", "v1", "ReplicaSet"),
    ("", "v1", "ReplicationController"),
    ("", "v1", "Pod"),
];

/// One document.
#[derive(Debug)]
pub struct Document {
    /// Its text: JSON exactly; YAML from its first node on.
    pub range: Range<usize>,
    /// What is in it.
    pub root: Node,
}

/// All of the input.
#[derive(Debug)]
pub struct Input {
    /// Its documents.
    pub documents: Vec<Document>,
    /// Whether they are JSON.
    pub json: bool,
}

/// A pod's template, and what it belongs to.
#[derive(Debug)]
pub struct Workload<'a> {
    /// The document, by number from 0 on.
    pub document: usize,
    /// Kind and name, such as `deployment/web`.
    pub what: String,
    /// Its name.
    pub name: &'a str,
    /// The namespace, if it is said.
    pub namespace: Option<&'a str>,
    /// The template, and the way to it.
    pub template: &'a Node,
    pub way: Path,
}

/// Reads the text.
///
/// # Errors
/// When it is empty, or neither YAML nor JSON.
pub fn read(text: &str) -> Result<Input, Trouble> {
    // A byte order mark is no part of the first document.
    let base = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    if text[base..].trim().is_empty() {
        return Err(Trouble::Malformed(vec!["the input is empty: give manifests".to_owned()]));
    }
    if let Some(ranges) = json_documents(&text[base..], base) {
        let document = |range: Range<usize>| {
            let lines = text[..range.start].matches('\n').count();
            let root = tree::documents(&text[range.clone()], range.start, lines)?.pop();
            Ok(root.map(|root| Document { range, root }))
        };
        let documents = ranges.into_iter().map(document).collect::<Result<Vec<_>, Trouble>>()?;
        return Ok(Input { documents: documents.into_iter().flatten().collect(), json: true });
    }
    let roots = tree::documents(&text[base..], base, 0).map_err(|trouble| trouble.of_a_template(text))?;
    let documents = roots.into_iter().map(|root| Document { range: root.span.clone(), root }).collect();
    Ok(Input { documents, json: false })
}

/// Where the documents of a stream of JSON are; `None`: it is none.
fn json_documents(text: &str, base: usize) -> Option<Vec<Range<usize>>> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(value) = stream.next() {
        value.ok()?;
        let blanks = text[at..].len() - text[at..].trim_start().len();
        ranges.push(base + at + blanks..base + stream.byte_offset());
        at = stream.byte_offset();
    }
    Some(ranges)
}

/// What was found in the documents.
#[derive(Debug, Default)]
pub struct Found<'a> {
    /// The pods' templates.
    pub workloads: Vec<Workload<'a>>,
    /// What has to be said.
    pub notes: Vec<String>,
    /// What is wrong.
    pub refusals: Vec<String>,
}

/// The pods' templates in the documents.
pub fn workloads(input: &Input) -> Found<'_> {
    let mut found = Found::default();
    for (number, Document { root, .. }) in input.documents.iter().enumerate() {
        if !root.is_null() {
            found.search(root, &mut Vec::new(), number);
        }
    }
    found
}

impl<'a> Found<'a> {
    fn search(&mut self, object: &'a Node, way: &mut Path, document: usize) {
        let text = |key: &str| object.get(key).and_then(Node::text);
        let (Some(version), Some(kind)) = (text("apiVersion"), text("kind")) else {
            let line = object.line;
            self.refusals.push(format!(
                "line {line}: an object of Kubernetes has an apiVersion and a kind; this has not both"
            ));
            return;
        };
        if (version, kind) == ("v1", "List") {
            let Some(items) = object.place_of("items") else { return };
            way.push(items);
            for (place, item) in object.child(items).items().iter().enumerate() {
                way.push(place);
                self.search(item, way, document);
                way.pop();
            }
            way.pop();
            return;
        }
        let (group, number) = version.split_once('/').unwrap_or(("", version));
        let metadata =
            |key: &str| object.get("metadata").and_then(|metadata| metadata.get(key)).and_then(Node::text);
        let name = metadata("name").or_else(|| metadata("generateName"));
        let what = format!("{}/{}", kind.to_lowercase(), name.unwrap_or("?"));
        if group == "batch" && matches!(kind, "Job" | "CronJob") {
            self.notes.push(format!("{what}: left alone: nobody is connected to a job that ends by itself"));
            return;
        }
        let annotations = object.get("metadata").and_then(|metadata| metadata.get("annotations"));
        if kind == "Pod" && annotations.is_some_and(|annotations| annotations.has("helm.sh/hook")) {
            self.notes.push(format!("{what}: left alone: nobody is connected to a hook of Helm"));
            return;
        }
        // Deployments and the like began in `extensions`, and left it in Kubernetes 1.16.
        let group = if group == "extensions" { "apps" } else { group };
        let Some((_, known, _)) = KINDS.iter().find(|known| (known.0, known.2) == (group, kind)) else {
            return;
        };
        if (*known, false) != (number, version.starts_with("extensions/")) {
            let right = if group.is_empty() { (*known).to_owned() } else { format!("{group}/{known}") };
            self.refusals.push(format!("{what}: the apiVersion {version} is not known: give {right}"));
            return;
        }
        if let Some(key) = twice(object) {
            self.refusals.push(format!(
                "{what}: line {}: the key {:?} is there twice",
                key.line,
                key.text().unwrap_or_default()
            ));
            return;
        }
        if has_template(object) {
            self.refusals.push(format!("{what}: {TEMPLATE}"));
            return;
        }
        let mut way = way.clone();
        let template =
            if kind == "Pod" { Some(object) } else { below(object, &mut way, &["spec", "template"]) };
        match template {
            Some(template) if template.get("spec").is_some_and(|spec| spec.has("containers")) => {
                let namespace = metadata("namespace");
                let name = name.unwrap_or("lameduck");
                self.workloads.push(Workload { document, what, name, namespace, template, way });
            }
            _ => self.refusals.push(format!("{what}: it has no containers")),
        }
    }
}

fn below<'a>(node: &'a Node, way: &mut Path, keys: &[&str]) -> Option<&'a Node> {
    keys.iter().try_fold(node, |node, key| {
        let place = node.place_of(key)?;
        way.push(place);
        Some(node.child(place))
    })
}

/// What is said about a template.
pub const TEMPLATE: &str =
    "there is a {{: this is a template and no manifest yet. Render it first, such as by `helm template`";

/// Whether a `{{ .Value }}` was read as a map whose key is a map.
fn has_template(node: &Node) -> bool {
    let as_key = matches!(&node.kind, Kind::Map { flow: true, entries }
        if entries.iter().any(|(key, _)| matches!(key.kind, Kind::Map { flow: true, .. })));
    as_key || (0..node.len()).any(|place| has_template(node.child(place)))
}

/// A key that a map has twice.
fn twice(node: &Node) -> Option<&Node> {
    if let Kind::Map { entries, .. } = &node.kind {
        let mut seen = std::collections::HashSet::new();
        let again =
            entries.iter().map(|(key, _)| key).find(|key| key.text().is_some_and(|text| !seen.insert(text)));
        if again.is_some() {
            return again;
        }
    }
    (0..node.len()).find_map(|place| twice(node.child(place)))
}
