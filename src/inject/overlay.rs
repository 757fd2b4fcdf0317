//! What is laid over a manifest: only additions. Where a map or list is there it gets more, where it is not it is made.
use super::edits::{Edits, Path};
use super::record::Record;
use super::tree::{Kind, Node};
use super::value::Value;

/// Additions to one node.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// A value of its own, where there is none yet.
    Whole(Value),
    /// Additions below these keys.
    Map(Vec<(String, Overlay)>),
    /// More items, each a map with a name.
    Items(Vec<Value>),
    /// Additions to the item of this name.
    Item(String, Box<Overlay>),
    /// First items, in front of those that are there.
    Prefix(Vec<Value>),
    /// More text behind that which is there.
    Suffix(String),
}

impl Overlay {
    /// Additions below these keys; those that come to nothing left out.
    pub fn map<const N: usize>(entries: [(&str, Overlay); N]) -> Self {
        let entries = entries.into_iter().filter(|(_, overlay)| !overlay.is_nothing());
        Self::Map(entries.map(|(key, overlay)| (key.to_owned(), overlay)).collect())
    }

    /// Nothing to add.
    pub fn nothing() -> Self {
        Self::Items(Vec::new())
    }

    fn is_nothing(&self) -> bool {
        match self {
            Self::Whole(_) => false,
            Self::Map(entries) => entries.is_empty(),
            Self::Items(items) | Self::Prefix(items) => items.is_empty(),
            Self::Item(_, overlay) => overlay.is_nothing(),
            Self::Suffix(text) => text.is_empty(),
        }
    }

    /// As a value, where there is nothing yet.
    fn value(&self) -> Value {
        match self {
            Self::Whole(value) => value.clone(),
            Self::Map(entries) => {
                Value::Map(entries.iter().map(|(key, overlay)| (key.clone(), overlay.value())).collect())
            }
            Self::Items(items) | Self::Prefix(items) => Value::List(items.clone()),
            Self::Item(..) => Value::List(Vec::new()),
            Self::Suffix(text) => text.as_str().into(),
        }
    }
}

/// Lays additions over a pod's template.
pub struct Laying<'a> {
    /// The nodes that other ones stand for.
    pub aliased: &'a [usize],
    /// What the document's edits are.
    pub edits: &'a mut Edits,
    /// What `uninject` has to know.
    pub record: Record,
}

impl Laying<'_> {
    /// Lays it over this node. `way`: its path in the document; `names`: its path in the template, by keys and names.
    ///
    /// # Errors
    /// When what is there is not what a manifest has at this place, or shared with another one.
    pub fn lay(&mut self, overlay: &Overlay, node: &Node, way: &Path, names: &[&str]) -> Result<(), String> {
        let what = || names.last().copied().unwrap_or("the template");
        if matches!(node.kind, Kind::Alias(_)) || self.aliased.contains(&node.anchor) {
            return Err(format!(
                "line {}: {} is shared by an anchor, and what is written there would be meant elsewhere too: write it out",
                node.line,
                what()
            ));
        }
        if node.place_of("<<").is_some() {
            return Err(format!(
                "line {}: {} is merged from an anchor (<<): write it out",
                node.line,
                what()
            ));
        }
        match (overlay, &node.kind) {
            (Overlay::Map(entries), Kind::Map { .. }) => {
                for (key, below) in entries {
                    self.lay_under(key, below, node, way, names)?;
                }
                Ok(())
            }
            (Overlay::Items(items), Kind::List { .. }) => {
                for item in items {
                    self.record.added(&[names, &[name_of(item)]].concat());
                }
                self.edits.at(way).push.extend(items.iter().cloned());
                Ok(())
            }
            (Overlay::Item(name, below), Kind::List { items, .. }) => {
                let has_name = |item: &Node| item.get("name").and_then(Node::text) == Some(name);
                let Some(place) = items.iter().position(has_name) else {
                    return Err(format!("line {}: {} has no {name}", node.line, what()));
                };
                self.lay(below, &items[place], &[&way[..], &[place]].concat(), &[names, &[name]].concat())
            }
            (Overlay::Prefix(items), Kind::List { .. }) => {
                self.record.prefixed(names, items);
                self.edits.at(way).prefix.extend(items.iter().cloned());
                Ok(())
            }
            (Overlay::Suffix(text), Kind::Scalar(..)) => {
                self.record.suffixed(names, text);
                self.edits.at(way).suffix.push_str(text);
                Ok(())
            }
            _ => Err(format!("line {}: {} is not what a manifest has there", node.line, what())),
        }
    }

    fn lay_under(
        &mut self,
        key: &str,
        below: &Overlay,
        node: &Node,
        way: &Path,
        names: &[&str],
    ) -> Result<(), String> {
        let names = [names, &[key]].concat();
        let Some(place) = node.place_of(key) else {
            self.made(below, &names);
            self.edits.at(way).put.push((key.to_owned(), below.value()));
            return Ok(());
        };
        let (child, way) = (node.child(place), [&way[..], &[place]].concat());
        if !child.is_null() {
            return self.lay(below, child, &way, &names);
        }
        // The key stays when what it gets now is taken away again.
        match below {
            Overlay::Map(entries) => {
                for (key, below) in entries {
                    self.made(below, &[&names[..], &[key]].concat());
                }
            }
            Overlay::Items(items) => {
                for item in items {
                    self.record.added(&[&names[..], &[name_of(item)]].concat());
                }
            }
            _ => return Err(format!("line {}: {key} is null: leave the key out", child.line)),
        }
        self.edits.at(&way).fill = Some(below.value());
        Ok(())
    }

    /// Notes what is made where nothing was: the leaves one by one, for others may be added beside them.
    fn made(&mut self, overlay: &Overlay, names: &[&str]) {
        match overlay {
            Overlay::Map(entries) => {
                self.record.made(names);
                for (key, below) in entries {
                    self.made(below, &[names, &[key]].concat());
                }
            }
            Overlay::Items(items) => {
                self.record.made(names);
                for item in items {
                    self.record.added(&[names, &[name_of(item)]].concat());
                }
            }
            _ => self.record.added(names),
        }
    }
}

fn name_of(item: &Value) -> &str {
    let Value::Map(entries) = item else { return "" };
    entries
        .iter()
        .find_map(|(key, value)| match value {
            Value::Text(name) if key == "name" => Some(name.as_str()),
            _ => None,
        })
        .unwrap_or_default()
}

/// The numbers of the anchors that aliases of this document stand for.
pub fn aliased(node: &Node) -> Vec<usize> {
    let of_child = |place| aliased(node.child(place));
    let below = (0..node.len()).flat_map(of_child);
    if let Kind::Alias(of) = node.kind { vec![of] } else { below.collect() }
}
