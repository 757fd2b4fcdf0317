//! Documents as trees of nodes that know their place in the text. The parser is saphyr-parser, which passes YAML's own
//! test suite and knows JSON as the YAML that it is; what is between the nodes stays in the text.
use super::Trouble;
use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use std::ops::Range;

/// How deep collections may be in one another: a manifest of Kubernetes is some 20 deep.
const DEEPEST: usize = 100;

/// A node of a document.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where it is in the text, bytes, its anchor and tag included. That of a block collection begins and ends somewhere
    /// near: see `place`.
    pub span: Range<usize>,
    /// Its line, from 1 on.
    pub line: usize,
    /// The number of its anchor; 0: none.
    pub anchor: usize,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A scalar's value, and how it is written.
    Scalar(String, ScalarStyle),
    /// In brackets or not.
    List { flow: bool, items: Vec<Node> },
    /// In braces or not.
    Map { flow: bool, entries: Vec<(Node, Node)> },
    /// Another node, by the number of its anchor.
    Alias(usize),
}

impl Node {
    /// What a map has under a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.place_of(key).map(|place| self.child(place))
    }

    /// At which place a map has a key.
    pub fn place_of(&self, key: &str) -> Option<usize> {
        let Kind::Map { entries, .. } = &self.kind else { return None };
        entries.iter().position(|(name, _)| name.text() == Some(key))
    }

    /// The items of a list; none of what is none.
    pub fn items(&self) -> &[Node] {
        if let Kind::List { items, .. } = &self.kind { items } else { &[] }
    }

    /// An item of a list, or the value of a map's entry.
    pub fn child(&self, place: usize) -> &Node {
        match &self.kind {
            Kind::List { items, .. } => &items[place],
            Kind::Map { entries, .. } => &entries[place].1,
            Kind::Scalar(..) | Kind::Alias(_) => unreachable!("they have no children"),
        }
    }

    /// How many children it has.
    pub fn len(&self) -> usize {
        match &self.kind {
            Kind::List { items, .. } => items.len(),
            Kind::Map { entries, .. } => entries.len(),
            Kind::Scalar(..) | Kind::Alias(_) => 0,
        }
    }

    /// A scalar's value.
    pub fn text(&self) -> Option<&str> {
        if let Kind::Scalar(text, _) = &self.kind { Some(text) } else { None }
    }

    /// Whether it is null: nothing at all, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(text, ScalarStyle::Plain)
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// Whether a map has a key whose value is not null.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| !value.is_null())
    }
}

/// The documents of a text that begins at this byte of the whole, behind so many lines.
///
/// # Errors
/// When it is no YAML, with line and column.
pub fn documents(text: &str, base: usize, lines: usize) -> Result<Vec<Node>, Trouble> {
    let mut builder =
        Builder { bytes: Bytes::new(text, base), lines, open: Vec::new(), documents: Vec::new() };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let at = error.marker();
            Trouble::at(lines + at.line(), at.col() + 1, error.info())
        })?;
        builder.take(event, span)?;
    }
    Ok(builder.documents)
}

/// Characters to bytes: the parser counts the one, a slice the other.
struct Bytes<'a> {
    text: &'a str,
    base: usize,
    of_characters: Option<Vec<usize>>,
}

impl<'a> Bytes<'a> {
    fn new(text: &'a str, base: usize) -> Self {
        let table = || text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        Self { text, base, of_characters: (!text.is_ascii()).then(table) }
    }

    fn at(&self, character: usize) -> usize {
        self.base
            + self.of_characters.as_ref().map_or(character, |table| table[character.min(table.len() - 1)])
    }

    /// Where a quoted scalar in this range ends: the range takes what follows in its line along.
    fn quote_end(&self, range: &Range<usize>, style: ScalarStyle) -> usize {
        let (mark, escape) = if style == ScalarStyle::SingleQuoted { (b'\'', b'\'') } else { (b'"', b'\\') };
        let bytes = self.of(range).as_bytes();
        let Some(open) = bytes.iter().position(|byte| *byte == mark) else { return range.end };
        let mut at = open + 1;
        while let Some(byte) = bytes.get(at) {
            match (*byte == escape, *byte == mark) {
                // A single quote is escaped by itself.
                (true, true) if bytes.get(at + 1) == Some(&mark) => at += 2,
                (true, false) => at += 2,
                (_, true) => return range.start + at + 1,
                (false, false) => at += 1,
            }
        }
        range.end
    }

    /// Where an alias in this range ends.
    fn word_end(&self, range: &Range<usize>) -> usize {
        let ends = |c: char| c.is_whitespace() || ",[]{}".contains(c);
        self.of(range).find(ends).map_or(range.end, |length| range.start + length)
    }

    /// Behind the bracket that opens a collection, in the range of its start. That of a block one has none, but may have an anchor
    /// or a tag, as the other.
    fn bracket_of(&self, start: &Range<usize>) -> Option<usize> {
        let mut text = self.of(start);
        while text.starts_with(['&', '!']) {
            text = text[text.find(char::is_whitespace).unwrap_or(text.len())..].trim_start();
        }
        text.starts_with(['{', '[']).then(|| start.end - text.len() + 1)
    }

    /// Behind the bracket that closes what ends in commas, colons of nulls, blanks and comments from here on. The parser's own
    /// range is that of a comma behind it, where there is one before it.
    fn bracket(&self, from: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = from - self.base;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'}' | b']' => return self.base + at + 1,
                b'#' => at += self.text[at..].find('\n').unwrap_or(self.text.len() - at),
                _ => at += 1,
            }
        }
        self.base + self.text.len()
    }

    fn of(&self, range: &Range<usize>) -> &'a str {
        &self.text[range.start - self.base..range.end - self.base]
    }
}

struct Builder<'a> {
    bytes: Bytes<'a>,
    lines: usize,
    /// Collections that have not ended yet; of a map the key that waits for its value.
    open: Vec<(Node, Option<Node>)>,
    documents: Vec<Node>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event, span: Span) -> Result<(), Trouble> {
        let (line, column) = (self.lines + span.start.line(), span.start.col() + 1);
        let mut range = self.bytes.at(span.start.index())..self.bytes.at(span.end.index());
        let mut bracket = None;
        match &event {
            Event::Scalar(_, style @ (ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted), ..) => {
                range.end = self.bytes.quote_end(&range, *style);
            }
            Event::Alias(_) => range.end = self.bytes.word_end(&range),
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                bracket = self.bytes.bracket_of(&range);
                range.end = bracket.unwrap_or(range.end);
            }
            _ => {}
        }
        let node = |anchor, kind| Node { span: range.clone(), line, anchor, kind };
        match event {
            Event::SequenceStart(anchor, _) => {
                self.open
                    .push((node(anchor, Kind::List { flow: bracket.is_some(), items: Vec::new() }), None));
            }
            Event::MappingStart(anchor, _) => {
                self.open
                    .push((node(anchor, Kind::Map { flow: bracket.is_some(), entries: Vec::new() }), None));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some((mut node, _)) = self.open.pop() else { return Ok(()) };
                node.span.end = match &node.kind {
                    Kind::List { flow: true, items } => {
                        self.bytes.bracket(items.last().map_or(node.span.end, |item| item.span.end))
                    }
                    Kind::Map { flow: true, entries } => {
                        let last = |(key, value): &(Node, Node)| {
                            if value.is_null() { key.span.end } else { value.span.end }
                        };
                        self.bytes.bracket(entries.last().map_or(node.span.end, last))
                    }
                    _ => range.start,
                };
                self.put(node);
            }
            Event::Scalar(text, style, anchor, _) => {
                self.put(node(anchor, Kind::Scalar(text.into_owned(), style)));
            }
            Event::Alias(of) => self.put(node(0, Kind::Alias(of))),
            _ => {}
        }
        if self.open.len() > DEEPEST {
            let deep = format!("more than {DEEPEST} collections in one another: no manifest is so deep");
            return Err(Trouble::at(line, column, &deep));
        }
        Ok(())
    }

    fn put(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.documents.push(node),
            Some((Node { kind: Kind::List { items, .. }, .. }, _)) => items.push(node),
            Some((Node { kind: Kind::Map { entries, .. }, .. }, key)) => match key.take() {
                None => *key = Some(node),
                Some(name) => entries.push((name, node)),
            },
            Some(_) => {}
        }
    }
}
