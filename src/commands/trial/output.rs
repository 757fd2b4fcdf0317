//! What a program writes: kept in an unnamed temporary file, for the end of it is shown when something goes wrong.
use super::trouble::Trouble;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::process::Stdio;

/// How much of it an error shows, in bytes and in lines.
const TAIL: (u64, usize) = (8 * 1024, 12);

/// A program's output.
#[derive(Debug)]
pub struct Output(File);

impl Output {
    /// Nothing yet.
    ///
    /// # Errors
    /// When there can be no temporary file.
    pub fn to_a_file() -> Result<Self, Trouble> {
        tempfile::tempfile().map(Self).map_err(Trouble::machine("cannot make a temporary file for output"))
    }

    /// Where a program writes to.
    ///
    /// # Errors
    /// When descriptors run out.
    pub fn sink(&self) -> Result<Stdio, Trouble> {
        self.0
            .try_clone()
            .map(Stdio::from)
            .map_err(Trouble::machine("cannot pass a descriptor on to a program"))
    }

    /// The last lines of it, each on a line of its own; empty when there are none.
    pub fn tail(&self) -> String {
        let (bytes, lines) = TAIL;
        let length = self.0.metadata().map_or(0, |data| data.len());
        let mut text = vec![0; usize::try_from(length.min(bytes)).unwrap_or(0)];
        if self.0.read_exact_at(&mut text, length.saturating_sub(bytes)).is_err() {
            return String::new();
        }
        let text = String::from_utf8_lossy(&text);
        let all: Vec<&str> = text.lines().collect();
        all[all.len().saturating_sub(lines)..].iter().fold(String::new(), |tail, line| tail + "\n  | " + line)
    }
}
