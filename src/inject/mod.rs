//! `lameduck inject`: manifests in, manifests out, with lameduck in their pods; and `uninject`, the exact inverse. Pure: text in, text out.
//!
//! A manifest belongs to its author: what is not lameduck's comes out byte for byte, with its comments, its order and its style. So
//! nothing is ever emitted anew. The text is parsed for where things are (`tree`, `place`), what a mode adds is laid over that tree
//! (`modes`, `overlay`) and comes to edits of single nodes (`edits`), which are spliced into the text as lines, or between brackets
//! (`splice`). Only additions are made, so that each has an inverse; what was added is noted in an annotation (`record`). The result
//! is read again, and must mean what was meant (`shape`): else it is refused, and nothing is written.
//!
//! Knows the command line's readers of values, and nothing else of lameduck.
//!
//! | file | subject |
//! |---|---|
//! | `options` | what is asked for |
//! | `manifest` | the documents, and the pods' templates in them |
//! | `pod`, `checks` | what a template says; what keeps lameduck out, and what has to be said |
//! | `modes`, `sidecar`, `container`, `rbac` | what is added |
//! | `overlay`, `record` | additions laid over a tree, and noted; the notes undone |
//! | `edits`, `splice`, `shape` | changes of nodes, as text, and what they mean |
//! | `tree`, `place`, `value` | nodes and where they are; what is written, and how |
//! | `sleep` | hooks that only sleep |
//! | `aliases` | what anchors stand for, for who only reads (`lameduck doctor`) |
//! | `work` | all of it, in order |
#[cfg(feature = "manifests")]
pub(crate) mod aliases;
mod checks;
mod container;
mod edits;
pub(crate) mod manifest;
mod modes;
mod options;
mod overlay;
mod place;
pub(crate) mod pod;
mod rbac;
#[cfg(any(test, fuzzing))]
pub(crate) mod readers;
mod record;
mod shape;
mod sidecar;
pub(crate) mod sleep;
mod splice;
pub(crate) mod tree;
mod value;
pub(crate) mod work;

#[cfg(test)]
mod tests;

pub use options::{Mesh, Mode, Mount, Options};
pub use work::{inject, uninject};

/// The longest input, bytes. etcd takes no object of more than 1.5 MiB (`--max-request-bytes`); this is what ten of them come to.
pub const LARGEST: usize = 16 << 20;

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The manifests.
    pub text: String,
    /// The workloads that were changed, such as `deployment/web`.
    pub changed: Vec<String>,
    /// What has to be said.
    pub notes: Vec<String>,
}

/// Why nothing came of it; each a sentence.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The input cannot be read.
    #[error("{}", .0.join("\n"))]
    Malformed(Vec<String>),
    /// It can, and what was asked cannot be done with it.
    #[error("{}", .0.join("\n"))]
    Refused(Vec<String>),
}

/// Keeps what is too long from being read.
///
/// # Errors
/// When it is, with the way out.
pub fn check_length(text: &str) -> Result<(), Trouble> {
    if text.len() > LARGEST {
        let largest = LARGEST >> 20;
        return Err(Trouble::Malformed(vec![format!(
            "the input is longer than {largest} MiB: give it in parts"
        )]));
    }
    Ok(())
}

impl Trouble {
    /// Malformed at this place; both count from 1.
    fn at(line: usize, column: usize, what: &str) -> Self {
        Self::Malformed(vec![format!("line {line}, column {column}: {what}")])
    }

    /// With what is likelier wrong with this text than its YAML.
    fn of_a_template(self, text: &str) -> Self {
        match self {
            Self::Malformed(mut sentences) if text.contains("{{") => {
                sentences.push(manifest::TEMPLATE.to_owned());
                Self::Malformed(sentences)
            }
            other => other,
        }
    }
}
