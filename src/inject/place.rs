//! Where in the text something begins and ends: what the parser does not tell of block collections, nulls and block scalars.
use super::tree::{Kind, Node};
use saphyr_parser::ScalarStyle;

/// A text, and questions about it. All positions are bytes.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a>(pub &'a str);

impl Text<'_> {
    /// Where the line at this position ends, before `\n` or `\r\n`.
    pub fn line_end(self, at: usize) -> usize {
        let end = self.0[at..].find('\n').map_or(self.0.len(), |newline| at + newline);
        // Elsewhere, and at the end of the text, a CR is the line's own.
        let ends_in_cr = end < self.0.len() && self.eol() == "\r\n";
        if ends_in_cr && end > at && self.0.as_bytes()[end - 1] == b'\r' { end - 1 } else { end }
    }

    /// Where the line of this position begins.
    pub fn line_start(self, at: usize) -> usize {
        self.0[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// Where the line before that of this position ends, before `\n` or `\r\n`; of the first line its begin.
    pub fn end_of_line_before(self, at: usize) -> usize {
        let start = self.line_start(at);
        if start == 0 { 0 } else { self.line_end(self.line_start(start - 1)) }
    }

    /// In which column, characters from 0 on.
    pub fn column(self, at: usize) -> usize {
        self.0[self.line_start(at)..at].chars().count()
    }

    /// Whether there is nothing but blanks before it in its line.
    pub fn begins_its_line(self, at: usize) -> bool {
        self.0[self.line_start(at)..at].bytes().all(|byte| byte == b' ' || byte == b'\t')
    }

    /// How lines end here: as the first one does.
    pub fn eol(self) -> &'static str {
        let first = self.0.find('\n').unwrap_or(0);
        if self.0[..first].ends_with('\r') { "\r\n" } else { "\n" }
    }

    /// Where a node's content ends: what is behind it, in its line and below, is white space and comments. `from`: where
    /// what stands before it ends, which is its key's colon or its dash.
    pub fn end(self, node: &Node, from: usize) -> usize {
        match &node.kind {
            Kind::Scalar(text, ScalarStyle::Plain) if text.is_empty() => {
                // Of an anchor or a tag with nothing behind it the range is its own; else it is of what follows.
                let own = node.span.clone();
                if self.0[own.clone()].starts_with(['&', '!']) { own.end.max(from) } else { from }
            }
            Kind::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded) => self.block_scalar_end(node, from),
            Kind::List { flow: false, .. } | Kind::Map { flow: false, .. } if node.len() > 0 => {
                self.child_end(node, node.len() - 1, from)
            }
            _ => node.span.end,
        }
    }

    /// Where the content of a collection's child ends.
    pub fn child_end(self, node: &Node, place: usize, from: usize) -> usize {
        match &node.kind {
            Kind::Map { entries, .. } => {
                let (key, value) = &entries[place];
                self.end(value, self.colon(key))
            }
            Kind::List { flow: true, items } => self.end(&items[place], items[place].span.start),
            Kind::List { items, .. } => self.end(&items[place], self.dash(node, place, from) + 1),
            Kind::Scalar(..) | Kind::Alias(_) => node.span.end,
        }
    }

    /// Where a collection's child begins: its key, its dash, or it itself between brackets.
    pub fn child_start(self, node: &Node, place: usize, from: usize) -> usize {
        match &node.kind {
            Kind::Map { entries, .. } => entries[place].0.span.start,
            Kind::List { flow: false, .. } => self.dash(node, place, from),
            _ => node.child(place).span.start,
        }
    }

    /// Behind the colon of a key; behind the key, where it has none (`{a, b}`).
    pub fn colon(self, key: &Node) -> usize {
        let rest = &self.0[key.span.end..];
        let blanks = rest.len() - rest.trim_start().len();
        if rest[blanks..].starts_with(':') { key.span.end + blanks + 1 } else { key.span.end }
    }

    /// The dash of a block list's item.
    pub fn dash(self, list: &Node, place: usize, from: usize) -> usize {
        let behind = if place == 0 { from } else { self.child_end(list, place - 1, from) };
        let bytes = self.0.as_bytes();
        let mut at = behind;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'-' => return at,
                b'#' => at = self.line_end(at),
                // The list's own anchor or tag.
                b'&' | b'!' => at += self.0[at..].find(char::is_whitespace).unwrap_or(self.0.len() - at),
                _ => at += 1,
            }
        }
        behind
    }

    /// A block scalar's lines; `|+` has the empty lines behind them, too.
    fn block_scalar_end(self, node: &Node, from: usize) -> usize {
        let header = self.0[from..].find(['|', '>']).map_or(from, |mark| from + mark);
        let header_end = self.line_end(header);
        let keeps = self.0[header..header_end].split('#').next().is_some_and(|text| text.contains('+'));
        let lines = self.0[..node.span.end].trim_end_matches([' ', '\t']);
        let lines = if keeps {
            let lines = lines.strip_suffix('\n').unwrap_or(lines);
            lines.strip_suffix('\r').unwrap_or(lines)
        } else {
            lines.trim_end()
        };
        lines.len().max(header_end)
    }
}
