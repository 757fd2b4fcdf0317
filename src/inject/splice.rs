//! Edits as pieces of text: what is not edited stays byte for byte, and taking away is the exact inverse of adding.
//!
//! An entry is added behind the last one: in lines of its own below the last one's line, with the comment that is behind
//! it; between brackets directly behind it. It is taken away from where the one before it ends to where it ends itself.
use super::edits::{Changes, Edits};
use super::place::Text;
use super::tree::{Kind, Node};
use super::value::{Layout, Value, scalar};
use saphyr_parser::ScalarStyle;
use std::cmp::Reverse;
use std::ops::Range;

/// A piece of text in place of another; one of them is empty.
#[derive(Debug)]
pub struct Piece {
    range: Range<usize>,
    depth: usize,
    new: String,
}

/// The pieces that these edits of a document come to.
///
/// # Errors
/// When something is written in a way that cannot be edited, with its line.
pub fn pieces(text: Text, root: &Node, edits: &Edits) -> Result<Vec<Piece>, String> {
    let json = matches!(root.kind, Kind::Map { flow: true, .. });
    let layout = Layout { eol: text.eol(), dash: dash_offset(text, root) };
    let mut splice = Splice { text, edits, json, layout, pieces: Vec::new() };
    splice.walk(root, &mut Vec::new(), root.span.start)?;
    Ok(splice.pieces)
}

/// The text with these pieces in it.
pub fn spliced(text: &str, mut pieces: Vec<Piece>) -> String {
    // Where several begin, what belongs to the innermost comes first.
    pieces.sort_by_key(|piece| (piece.range.start, Reverse(piece.depth)));
    let mut new =
        String::with_capacity(text.len() + pieces.iter().map(|piece| piece.new.len()).sum::<usize>());
    let mut at = 0;
    for piece in pieces {
        new.push_str(&text[at..piece.range.start.max(at)]);
        new.push_str(&piece.new);
        at = at.max(piece.range.end);
    }
    new.push_str(&text[at..]);
    new
}

/// How far dashes are to the right of their key, as the first list of the document has it.
fn dash_offset(text: Text, node: &Node) -> usize {
    fn find(text: Text, node: &Node) -> Option<usize> {
        let Kind::Map { flow: false, entries } = &node.kind else {
            return node.items().iter().find_map(|item| find(text, item));
        };
        entries.iter().find_map(|(key, value)| {
            if matches!(&value.kind, Kind::List { flow: false, .. }) {
                let dash = text.column(text.dash(value, 0, text.colon(key)));
                return Some(dash.saturating_sub(text.column(key.span.start)).min(2));
            }
            find(text, value)
        })
    }
    // What kubectl writes.
    find(text, node).unwrap_or(0)
}

struct Splice<'a> {
    text: Text<'a>,
    edits: &'a Edits,
    json: bool,
    layout: Layout<'a>,
    pieces: Vec<Piece>,
}

impl Splice<'_> {
    fn walk(&mut self, node: &Node, path: &mut Vec<usize>, from: usize) -> Result<(), String> {
        if !self.edits.touch(path) {
            return Ok(());
        }
        let edits = self.edits;
        let changes = edits.0.get(path);
        if let Some(changes) = changes {
            self.change(node, path.len(), from, changes)?;
        }
        for place in 0..node.len() {
            if changes.is_some_and(|changes| changes.removed.contains(&place)) {
                continue;
            }
            let from = match &node.kind {
                Kind::Map { entries, .. } => self.text.colon(&entries[place].0),
                Kind::List { flow: false, .. } => self.text.dash(node, place, from) + 1,
                _ => node.child(place).span.start,
            };
            path.push(place);
            self.walk(node.child(place), path, from)?;
            path.pop();
        }
        Ok(())
    }

    fn change(&mut self, node: &Node, depth: usize, from: usize, changes: &Changes) -> Result<(), String> {
        match &node.kind {
            Kind::Map { flow: false, .. } | Kind::List { flow: false, .. } if node.len() == 0 => {
                return Err(format!("line {}: what is empty is written {{}} or []", node.line));
            }
            Kind::Map { flow: false, .. } | Kind::List { flow: false, .. } => {
                self.block(node, depth, from, changes);
            }
            Kind::Map { .. } | Kind::List { .. } => {
                self.between_brackets(node, depth, changes);
            }
            Kind::Scalar(text, style) => return self.scalar(node, text, *style, depth, from, changes),
            Kind::Alias(_) => return Err(format!("line {}: an alias cannot be edited", node.line)),
        }
        let kept = |place: &usize| !changes.removed.contains(place);
        let first_kept = (0..node.len()).find(kept);
        for &place in &changes.removed {
            let range = self.removal(node, place, from, first_kept);
            self.pieces.push(Piece { range, depth, new: String::new() });
        }
        Ok(())
    }

    fn block(&mut self, node: &Node, depth: usize, from: usize, changes: &Changes) {
        let text = self.text;
        let first = text.child_start(node, 0, from);
        let column = text.column(first);
        let behind = text.line_end(text.child_end(node, node.len() - 1, from));
        let entries = changes
            .put
            .iter()
            .map(|(key, value)| format!("{}:{}", scalar(key), value.after_key(column, self.layout)))
            .chain(changes.push.iter().map(|item| item.as_item(column, self.layout)));
        let indented = format!("{}{:column$}", self.layout.eol, "");
        self.insert(behind, depth, entries.flat_map(|entry| [indented.clone(), entry]).collect());
        let items = changes.prefix.iter().map(|item| item.as_item(column, self.layout));
        self.insert(first, depth, items.flat_map(|item| [item, indented.clone()]).collect());
    }

    fn between_brackets(&mut self, node: &Node, depth: usize, changes: &Changes) {
        let text = self.text;
        let written = |value: &Value| if self.json { value.json() } else { value.flow() };
        let key = |key: &str| if self.json { Value::from(key).json() } else { scalar(key) };
        let entries = changes.put.iter().map(|(name, value)| format!("{}: {}", key(name), written(value)));
        let entries: Vec<String> = entries.chain(changes.push.iter().map(written)).collect();
        let prefix: Vec<String> = changes.prefix.iter().map(written).collect();
        if node.len() == 0 {
            self.insert(node.span.end - 1, depth, [prefix, entries].concat().join(", "));
            return;
        }
        let [first, last] = [0, node.len() - 1].map(|place| text.child_start(node, place, node.span.start));
        let behind = text.child_end(node, node.len() - 1, node.span.start);
        let (before, after) = (self.separator(first), self.separator(last));
        self.insert(first, depth, prefix.into_iter().flat_map(|item| [item, before.clone()]).collect());
        self.insert(behind, depth, entries.into_iter().flat_map(|entry| [after.clone(), entry]).collect());
    }

    /// What separates entries between brackets: a line each where this one has its own.
    fn separator(&self, at: usize) -> String {
        if !self.text.begins_its_line(at) {
            return ", ".to_owned();
        }
        format!(",{}{}", self.layout.eol, &self.text.0[self.text.line_start(at)..at])
    }

    fn scalar(
        &mut self,
        node: &Node,
        text: &str,
        style: ScalarStyle,
        depth: usize,
        from: usize,
        changes: &Changes,
    ) -> Result<(), String> {
        if let Some(value) = &changes.fill {
            let key = self.text.line_start(from);
            let blanks = self.text.0[key..].bytes().take_while(|byte| b" -".contains(byte)).count();
            let new = value.after_key(blanks, self.layout);
            if !text.is_empty() || self.json || !new.starts_with(self.layout.eol) || node.anchor != 0 {
                return Err(format!("line {}: the value is null: leave its key out", node.line));
            }
            self.insert(self.text.line_end(from), depth, new);
            return Ok(());
        }
        let end = match style {
            ScalarStyle::Plain => node.span.end,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => node.span.end - 1,
            _ => return Err(format!("line {}: write the value in one line", node.line)),
        };
        self.insert(end, depth, changes.suffix.clone());
        self.pieces.push(Piece { range: end - changes.cut..end, depth, new: String::new() });
        Ok(())
    }

    fn insert(&mut self, at: usize, depth: usize, new: String) {
        if !new.is_empty() {
            self.pieces.push(Piece { range: at..at, depth, new });
        }
    }

    fn removal(&self, node: &Node, place: usize, from: usize, first_kept: Option<usize>) -> Range<usize> {
        let text = self.text;
        let (start, end) = (text.child_start(node, place, from), text.child_end(node, place, from));
        let behind_one_that_stays = first_kept.is_some_and(|kept| kept < place);
        if first_kept.is_some() && !behind_one_that_stays {
            return start..text.child_start(node, place + 1, from);
        }
        let flow = matches!(node.kind, Kind::Map { flow: true, .. } | Kind::List { flow: true, .. });
        match (flow, place) {
            (true, 0) => start..end,
            (true, _) => text.child_end(node, place - 1, from)..end,
            (false, _) if text.begins_its_line(start) => text.end_of_line_before(start)..text.line_end(end),
            (false, _) => start..text.line_end(end),
        }
    }
}
