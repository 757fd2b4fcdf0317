//! lameduck's own memory and descriptors, at one moment.
use super::tests_support::process;
use std::fs;

/// What was seen; 0: it was gone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// What it alone has, kB: its anonymous pages.
    pub memory_kb: u64,
    pub descriptors: usize,
}

impl Seen {
    /// Of this process now.
    pub fn of(pid: u32) -> Self {
        let memory = process::field(pid, "RssAnon").and_then(|field| field.split(' ').next()?.parse().ok());
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
        Self { memory_kb: memory.unwrap_or(0), descriptors }
    }

    /// The larger of each.
    pub fn or_more(self, other: Self) -> Self {
        Self {
            memory_kb: self.memory_kb.max(other.memory_kb),
            descriptors: self.descriptors.max(other.descriptors),
        }
    }
}
