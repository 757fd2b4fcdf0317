//! The figures that were written: one a line, the count first; on x86-64. Another compiler gives others, and a debug build has a
//! file of its own.
use std::fmt::Write as _;
use std::fs;

const FILE: &str = if cfg!(debug_assertions) {
    concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions/baseline-debug.txt")
} else {
    concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions/baseline.txt")
};

/// By what they are of; none when the file is not there.
pub fn read() -> Vec<(String, u64)> {
    let text = fs::read_to_string(FILE).unwrap_or_default();
    let line = |line: &str| {
        let (count, name) = line.split_once(' ')?;
        Some((name.to_owned(), count.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

/// In place of those that were there.
///
/// # Panics
/// When the file cannot be written.
pub fn write(figures: &[(&str, u64)]) {
    let mut text = String::new();
    for (name, count) in figures {
        let _ = writeln!(text, "{count} {name}");
    }
    fs::write(FILE, text).expect("the baseline");
}
