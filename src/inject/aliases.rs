//! What anchors stand for: a tree in which `*name` is the node that `&name` marks, and `<<` is what it merges. For who only reads; what is
//! edited keeps its anchors.
use super::Trouble;
use super::tree::{Kind, Node};
use std::collections::HashMap;

/// So many nodes a document may come to: a few aliases of aliases stand for more than there is memory. A manifest of 1.5 MiB, the most
/// that etcd takes, has fewer.
const MOST: usize = 1 << 20;

/// The document without aliases.
///
/// # Errors
/// When it comes to more than can be read, with the line.
pub fn resolved(document: &Node) -> Result<Node, Trouble> {
    Resolver::default().node(document)
}

#[derive(Default)]
struct Resolver {
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl Resolver {
    fn node(&mut self, node: &Node) -> Result<Node, Trouble> {
        self.count(node, 1)?;
        let kind = match &node.kind {
            Kind::Scalar(text, style) => Kind::Scalar(text.clone(), *style),
            Kind::List { flow, items } => {
                let items = items.iter().map(|item| self.node(item)).collect::<Result<_, _>>()?;
                Kind::List { flow: *flow, items }
            }
            Kind::Map { flow, entries } => {
                let mut all = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    all.push((self.node(key)?, self.node(value)?));
                }
                Kind::Map { flow: *flow, entries: merged(all) }
            }
            // An anchor is before its aliases; one within itself stands for nothing yet, and is none of a manifest's.
            Kind::Alias(anchor) => {
                let meant = self.anchors.get(anchor).cloned();
                let Some(meant) = meant else {
                    return Err(Trouble::at(node.line, 1, "an alias stands for what it is in"));
                };
                self.count(node, size(&meant))?;
                return Ok(meant);
            }
        };
        let new = Node { kind, ..node.clone() };
        if new.anchor != 0 {
            self.anchors.insert(new.anchor, new.clone());
        }
        Ok(new)
    }

    fn count(&mut self, node: &Node, more: usize) -> Result<(), Trouble> {
        self.nodes += more;
        if self.nodes > MOST {
            let what = format!("with its aliases the document comes to more than {MOST} nodes");
            return Err(Trouble::at(node.line, 1, &what));
        }
        Ok(())
    }
}

/// What `<<` brings in goes behind what is there itself (yaml.org/type/merge).
fn merged(entries: Vec<(Node, Node)>) -> Vec<(Node, Node)> {
    let (merges, mut own): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(key, _)| key.text() == Some("<<"));
    let maps = merges.into_iter().flat_map(|(_, value)| match value.kind {
        Kind::List { items, .. } => items,
        _ => vec![value],
    });
    for map in maps {
        let Kind::Map { entries, .. } = map.kind else { continue };
        for (key, value) in entries {
            if key.text().is_none_or(|key| own.iter().all(|(known, _)| known.text() != Some(key))) {
                own.push((key, value));
            }
        }
    }
    own
}

fn size(node: &Node) -> usize {
    1 + match &node.kind {
        Kind::Scalar(..) | Kind::Alias(_) => 0,
        Kind::List { items, .. } => items.iter().map(size).sum(),
        Kind::Map { entries, .. } => entries.iter().map(|(key, value)| size(key) + size(value)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::tree;

    fn of(text: &str) -> Result<Node, Trouble> {
        resolved(&tree::documents(text, 0, 0)?[0])
    }

    #[test]
    fn an_alias_is_what_its_anchor_marks_and_a_merge_gives_way_to_what_is_there() {
        let node = of("a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, x: 3}\nd:\n  <<: [*a, {z: 4}]\n").unwrap();
        let at = |keys: [&str; 2]| node.get(keys[0]).and_then(|map| map.get(keys[1])).and_then(Node::text);
        assert_eq!((at(["b", "x"]), at(["c", "x"]), at(["c", "y"])), (Some("1"), Some("3"), Some("2")));
        assert_eq!((at(["d", "y"]), at(["d", "z"])), (Some("2"), Some("4")));
    }

    #[test]
    fn aliases_of_aliases_without_measure_are_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..9 {
            let before = vec![format!("*a{}", n - 1); 10].join(", ");
            text.extend([format!("a{n}: &a{n} [{before}]\n")]);
        }
        let Err(Trouble::Malformed(why)) = of(&text) else { panic!("refused") };
        assert!(why[0].starts_with("line 6, column 1: with its aliases"), "{why:?}");
    }
}
