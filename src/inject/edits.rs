//! What is to be changed in a document, by the place of each node in the tree.
use super::value::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The way to a node from its document's root: at each collection the place of the child.
pub type Path = Vec<usize>;

/// What is to be changed, for each node that changes.
#[derive(Debug, Default)]
pub struct Edits(pub BTreeMap<Path, Changes>);

/// What is to be changed in one node. Nothing is ever replaced: what is added can be taken away again.
#[derive(Debug, Default)]
pub struct Changes {
    /// New last entries of a map.
    pub put: Vec<(String, Value)>,
    /// New last items of a list.
    pub push: Vec<Value>,
    /// New first items of a list.
    pub prefix: Vec<Value>,
    /// More text at the end of a scalar.
    pub suffix: String,
    /// What a key gets that had nothing.
    pub fill: Option<Value>,
    /// The children that go.
    pub removed: BTreeSet<usize>,
    /// How many bytes go at the end of a scalar.
    pub cut: usize,
}

impl Edits {
    /// The changes of one node.
    pub fn at(&mut self, path: &[usize]) -> &mut Changes {
        self.0.entry(path.to_vec()).or_default()
    }

    /// Whether the node at this path or one below it changes.
    pub fn touch(&self, path: &[usize]) -> bool {
        self.0.range(path.to_vec()..).next().is_some_and(|(changed, _)| changed.starts_with(path))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
