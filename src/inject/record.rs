//! What `inject` has added, as an annotation of the pod's template: what `uninject` needs, and how anybody sees that it is there.
use super::edits::{Edits, Path};
use super::tree::Node;
use super::value::{Value, map};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The annotation.
pub const ANNOTATION: &str = "lameduck.dev/injected";

/// What was added to a pod's template. Paths are JSON pointers (RFC 6901) from the template on, but a list's item goes by its name.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The mode.
    pub mode: String,
    /// Entries and items, by the map or list that they are in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    added: BTreeMap<String, Vec<String>>,
    /// Maps and lists that were made for them, and go with the last of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    made: Vec<String>,
    /// First items of lists.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    prefix: BTreeMap<String, Vec<String>>,
    /// Ends of texts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    suffix: BTreeMap<String, String>,
}

/// A path of keys and names as a JSON pointer.
pub fn pointer(names: &[&str]) -> String {
    names.iter().flat_map(|name| ["/".to_owned(), name.replace('~', "~0").replace('/', "~1")]).collect()
}

impl Record {
    /// Something of this mode.
    pub fn of(mode: &str) -> Self {
        Self { mode: mode.to_owned(), ..Self::default() }
    }

    /// An entry or item was added. The annotation itself need not be noted.
    pub fn added(&mut self, names: &[&str]) {
        if let Some((name, parent)) = names.split_last().filter(|(name, _)| **name != ANNOTATION) {
            self.added.entry(pointer(parent)).or_default().push((*name).to_owned());
        }
    }

    /// A map or list was made.
    pub fn made(&mut self, names: &[&str]) {
        self.made.push(pointer(names));
    }

    /// A list got first items.
    pub fn prefixed(&mut self, names: &[&str], items: &[Value]) {
        let texts = items
            .iter()
            .filter_map(|item| if let Value::Text(text) = item { Some(text.clone()) } else { None });
        self.prefix.insert(pointer(names), texts.collect());
    }

    /// A text got an end.
    pub fn suffixed(&mut self, names: &[&str], text: &str) {
        self.suffix.insert(pointer(names), text.to_owned());
    }

    /// What the annotation says.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The template's own, if it has one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of_template(template: &Node) -> Result<Option<Self>, String> {
        let annotations = template.get("metadata").and_then(|metadata| metadata.get("annotations"));
        let Some(text) = annotations.and_then(|all| all.get(ANNOTATION)).and_then(Node::text) else {
            return Ok(None);
        };
        serde_json::from_str(text).map(Some).map_err(|error| {
            format!("the annotation {ANNOTATION} cannot be read ({error}): take it away by hand, with what lameduck has added")
        })
    }

    /// The edits that take all of it away from the template at `way`. What somebody else has taken away already is passed over; what
    /// somebody has added beside it stays.
    ///
    /// # Errors
    /// When a command does not begin any more as it was made to.
    pub fn taken_away(&self, template: &Node, way: &Path, edits: &mut Edits) -> Result<(), String> {
        let annotation = (pointer(&["metadata", "annotations"]), vec![ANNOTATION.to_owned()]);
        for (parent, names) in self.added.iter().chain([(&annotation.0, &annotation.1)]) {
            let Some(path) = find(template, parent) else { continue };
            let node = node_at(template, &path);
            for place in names.iter().filter_map(|name| child_of(node, name)) {
                remove(edits, way, &[&path[..], &[place]].concat());
            }
        }
        for (list, items) in &self.prefix {
            let Some(path) = find(template, list) else { continue };
            let node = node_at(template, &path);
            if !node
                .items()
                .iter()
                .map(Node::text)
                .take(items.len())
                .eq(items.iter().map(|item| Some(item.as_str())))
            {
                return Err(format!(
                    "line {}: it no longer begins with {}: take lameduck away by hand",
                    node.line,
                    items.join(" ")
                ));
            }
            edits.at(&[&way[..], &path].concat()).removed.extend(0..items.len());
        }
        for (scalar, end) in &self.suffix {
            let Some(path) = find(template, scalar) else { continue };
            let node = node_at(template, &path);
            if node.text().is_some_and(|text| text.ends_with(end)) {
                edits.at(&[&way[..], &path].concat()).cut = end.len();
            }
        }
        // From the inside out: one that is emptied by this may itself be all that another one has.
        for made in self.made.iter().rev() {
            let Some(path) = find(template, made) else { continue };
            let node = node_at(template, &path);
            let whole = [&way[..], &path].concat();
            if edits.0.get(&whole).is_some_and(|changes| changes.removed.len() == node.len()) {
                edits.0.retain(|changed, _| !changed.starts_with(&whole));
                remove(edits, way, &path);
            }
        }
        Ok(())
    }
}

fn remove(edits: &mut Edits, way: &Path, path: &Path) {
    if let Some((place, parent)) = path.split_last() {
        edits.at(&[&way[..], parent].concat()).removed.insert(*place);
    }
}

fn node_at<'a>(template: &'a Node, path: &Path) -> &'a Node {
    path.iter().fold(template, |node, place| node.child(*place))
}

/// The place of a map's key, or of a list's item of this name.
fn child_of(node: &Node, name: &str) -> Option<usize> {
    let named = |item: &Node| item.get("name").and_then(Node::text) == Some(name);
    node.place_of(name).or_else(|| node.items().iter().position(named))
}

/// The path to what a pointer names.
fn find(template: &Node, pointer: &str) -> Option<Path> {
    let mut node = template;
    let mut path = Path::new();
    for name in pointer.split('/').skip(1) {
        let name = name.replace("~1", "/").replace("~0", "~");
        let place = child_of(node, &name)?;
        path.push(place);
        node = node.child(place);
    }
    Some(path)
}

/// The annotation of objects that are lameduck's own, whole.
pub fn own() -> Value {
    map([(ANNOTATION, Value::from("whole"))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_key_with_a_slash_then_its_pointer_is_that_of_rfc_6901() {
        assert_eq!(pointer(&["metadata", "annotations", "a/b~c"]), "/metadata/annotations/a~1b~0c");
    }
}
