//! What a document means, without how it is written: the witness of every edit. What has been written is read again, and has to
//! mean what was meant.
use super::edits::{Changes, Edits};
use super::tree::{Kind, Node};
use super::value::{Value, scalar};
use saphyr_parser::ScalarStyle;

/// What a node means.
#[derive(Debug, PartialEq, Eq)]
pub enum Shape {
    /// A scalar, and whether a reader may take it for something else than a string.
    Scalar(String, bool),
    /// Another node.
    Alias(usize),
    /// Items.
    List(Vec<Shape>),
    /// Entries in their order.
    Map(Vec<(Shape, Shape)>),
}

impl Shape {
    fn null() -> Self {
        Self::Scalar(String::new(), true)
    }

    /// What a document will mean after these edits.
    pub fn after(node: &Node, edits: &Edits) -> Self {
        Self::edited(node, edits, &mut Vec::new())
    }

    fn edited(node: &Node, edits: &Edits, path: &mut Vec<usize>) -> Self {
        let none = Changes::default();
        let changes = edits.0.get(path).unwrap_or(&none);
        let mut children = Vec::new();
        for place in (0..node.len()).filter(|place| !changes.removed.contains(place)) {
            path.push(place);
            children.push((place, Self::edited(node.child(place), edits, path)));
            path.pop();
        }
        let emptied = children.is_empty() && !changes.removed.is_empty();
        match &node.kind {
            Kind::List { flow: false, .. } | Kind::Map { flow: false, .. } if emptied => Self::null(),
            Kind::List { .. } => {
                let prefix = changes.prefix.iter().map(Self::from);
                let children = children.into_iter().map(|(_, child)| child);
                Self::List(prefix.chain(children).chain(changes.push.iter().map(Self::from)).collect())
            }
            Kind::Map { entries, .. } => {
                let old = children.into_iter().map(|(place, child)| {
                    (Self::edited(&entries[place].0, &Edits::default(), &mut Vec::new()), child)
                });
                let new = changes
                    .put
                    .iter()
                    .map(|(key, value)| (Self::Scalar(key.clone(), false), Self::from(value)));
                Self::Map(old.chain(new).collect())
            }
            Kind::Alias(of) => Self::Alias(*of),
            Kind::Scalar(text, style) => changes.fill.as_ref().map_or_else(
                || {
                    let text =
                        format!("{}{}", &text[..text.len().saturating_sub(changes.cut)], changes.suffix);
                    let unsure = *style == ScalarStyle::Plain && scalar(&text) != text;
                    Self::Scalar(text, unsure)
                },
                Self::from,
            ),
        }
    }
}

impl From<&Value> for Shape {
    fn from(value: &Value) -> Self {
        match value {
            Value::Text(text) => Self::Scalar(text.clone(), false),
            Value::Number(_) | Value::Flag(_) => Self::Scalar(value.json(), true),
            Value::List(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Map(entries) => Self::Map(
                entries
                    .iter()
                    .map(|(key, value)| (Self::Scalar(key.clone(), false), Self::from(value)))
                    .collect(),
            ),
        }
    }
}
