//! What is written into a manifest, and how it looks there: as YAML of its own lines, or as JSON between brackets.
use std::fmt::Write as _;

/// A value that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A string.
    Text(String),
    /// A number.
    Number(i64),
    /// True or false.
    Flag(bool),
    /// Items.
    List(Vec<Value>),
    /// Keys in this order.
    Map(Vec<(String, Value)>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// A map of these keys and values.
pub fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.map(|(key, value)| (key.to_owned(), value)).into())
}

/// A list of these strings.
pub fn texts<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> Value {
    Value::List(items.into_iter().map(|item| item.as_ref().into()).collect())
}

/// How block YAML is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Layout<'a> {
    /// What ends a line: `\n` or `\r\n`.
    pub eol: &'a str,
    /// How far a list's dash is to the right of its key: 0 or 2.
    pub dash: usize,
}

impl Value {
    /// As JSON, which is also YAML's flow style.
    pub fn json(&self) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::List(items) => format!("[{}]", joined(items.iter().map(Self::json))),
            Self::Map(entries) => {
                format!(
                    "{{{}}}",
                    joined(entries.iter().map(|(key, value)| format!("{}: {}", quoted(key), value.json())))
                )
            }
        }
    }

    /// As YAML between brackets.
    pub fn flow(&self) -> String {
        match self {
            Self::Text(text) => scalar(text),
            Self::Number(_) | Self::Flag(_) => self.json(),
            Self::List(items) => format!("[{}]", joined(items.iter().map(Self::flow))),
            Self::Map(entries) => {
                format!(
                    "{{{}}}",
                    joined(entries.iter().map(|(key, value)| format!("{}: {}", scalar(key), value.flow())))
                )
            }
        }
    }

    /// As a document, from its first column on.
    pub fn document(&self, layout: Layout) -> String {
        self.block(0, layout)
    }

    /// What follows a key that begins in this column: ` value`, or lines of its own.
    pub fn after_key(&self, column: usize, layout: Layout) -> String {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                let column = column + 2;
                format!("{}{:column$}{}", layout.eol, "", self.block(column, layout))
            }
            Self::List(items) if items.iter().any(|item| matches!(item, Self::Map(_) | Self::List(_))) => {
                let column = column + layout.dash;
                let mut text = String::new();
                for item in items {
                    let _ = write!(text, "{}{:column$}{}", layout.eol, "", item.as_item(column, layout));
                }
                text
            }
            _ => format!(" {}", self.block(column, layout)),
        }
    }

    /// An item of a block list whose dash is in this column, from the dash on.
    pub fn as_item(&self, column: usize, layout: Layout) -> String {
        format!("- {}", self.block(column + 2, layout))
    }

    /// From this column on: the first line without its indentation, the others with theirs.
    fn block(&self, column: usize, layout: Layout) -> String {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                let lines: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| format!("{}:{}", scalar(key), value.after_key(column, layout)))
                    .collect();
                lines.join(&format!("{}{:column$}", layout.eol, ""))
            }
            _ => self.flow(),
        }
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// A string as block YAML: plain where no reader, of YAML 1.1 or 1.2, can take it for something else.
pub fn scalar(text: &str) -> String {
    let plain = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-@".contains(c) || c == ':')
        && !text.ends_with(':')
        && !SPECIAL.iter().any(|word| word.eq_ignore_ascii_case(text));
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let quantity = unit.len() < text.len() && UNITS.contains(&unit);
    if plain || quantity {
        text.to_owned()
    } else if text.contains('"') && !text.contains('\'') && text.chars().all(|c| (' '..='~').contains(&c)) {
        format!("'{text}'")
    } else {
        quoted(text)
    }
}

/// Behind digits: durations, and quantities of Kubernetes. No number in any YAML ends so.
const UNITS: [&str; 4] = ["m", "s", "Mi", "Gi"];
/// Plain words that are no strings in YAML 1.1 (yaml.org/type/bool.html, null.html) or 1.2. Numbers begin with neither a
/// letter nor a slash.
const SPECIAL: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
