//! The other objects beside a workload, and which of them concern its pods. Two objects are of one namespace where one of them names none:
//! what is applied together mostly is.
use crate::inject::manifest::Workload;
use crate::inject::tree::{Kind, Node};

/// All objects, those of Lists too.
#[derive(Debug)]
pub struct Objects<'a>(Vec<&'a Node>);

impl<'a> Objects<'a> {
    /// Of these documents.
    pub fn of(documents: &[&'a Node]) -> Self {
        let mut all = Vec::new();
        let mut open: Vec<&Node> = documents.iter().rev().copied().collect();
        while let Some(object) = open.pop() {
            if text(object, &["kind"]) == Some("List") {
                open.extend(object.get("items").map(Node::items).unwrap_or_default().iter().rev());
            } else {
                all.push(object);
            }
        }
        Self(all)
    }

    /// Those of a kind, in this namespace.
    pub fn of_kind(&self, kind: &str, namespace: Option<&str>) -> impl Iterator<Item = &'a Node> {
        let is_of = move |object: &&&Node| {
            text(object, &["kind"]) == Some(kind)
                && is_same(text(object, &["metadata", "namespace"]), namespace)
        };
        self.0.iter().filter(is_of).copied()
    }

    /// The Services that select its pods.
    pub fn services(&self, workload: &Workload) -> Vec<&'a Node> {
        let labels = node(workload.template, &["metadata", "labels"]);
        let selects = |service: &&Node| {
            let Some(Node { kind: Kind::Map { entries, .. }, .. }) = node(service, &["spec", "selector"])
            else {
                return false;
            };
            let has = |(key, value): &(Node, Node)| {
                let label = key.text().and_then(|key| labels?.get(key));
                value.text().is_some() && label.and_then(Node::text) == value.text()
            };
            !entries.is_empty() && entries.iter().all(has)
        };
        self.of_kind("Service", workload.namespace).filter(selects).collect()
    }
}

/// Whether two namespaces may be one.
pub fn is_same(one: Option<&str>, other: Option<&str>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one == other)
}

/// What is under these keys, one below the other.
pub fn node<'a>(object: &'a Node, keys: &[&str]) -> Option<&'a Node> {
    crate::inject::pod::below(object, keys)
}

/// A scalar there.
pub fn text<'a>(object: &'a Node, keys: &[&str]) -> Option<&'a str> {
    node(object, keys)?.text()
}

/// The items of a list there.
pub fn items<'a>(object: &'a Node, keys: &[&str]) -> &'a [Node] {
    node(object, keys).map(Node::items).unwrap_or_default()
}

/// Whether a list of texts has this one, or `*`.
pub fn has_text(list: &[Node], wanted: &str) -> bool {
    list.iter().filter_map(Node::text).any(|text| text == wanted || text == "*")
}

/// An object's name.
pub fn name(object: &Node) -> &str {
    text(object, &["metadata", "name"]).unwrap_or("?")
}
