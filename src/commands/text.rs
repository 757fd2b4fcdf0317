//! Manifests from a file or the standard input.
use crate::inject::LARGEST;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// What is said of bytes that are none.
pub const NO_TEXT: &str = "it is no UTF-8, as YAML and JSON are";

/// The text, one byte more than may be at most; `None`: it is no text.
///
/// # Errors
/// When it cannot be read.
pub fn read(filename: &Path) -> Result<Option<String>, String> {
    let mut bytes = Vec::new();
    let most = LARGEST as u64 + 1;
    let read = if filename == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        File::open(filename).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    read.map_err(|error| format!("cannot read {}: {error}", filename.display()))?;
    if bytes.len() > LARGEST {
        // The cut may be in the middle of a character, and it is too long anyway.
        return Ok(Some(String::from_utf8_lossy(&bytes).into_owned()));
    }
    Ok(String::from_utf8(bytes).ok())
}
