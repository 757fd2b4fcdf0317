//! Memory of a process, kB.
//!
//! Private is what no other process shares: anonymous pages (`Anonymous` of /proc/PID/smaps) and the dirty pages of
//! writable mappings of files. Not `Private_Dirty`: it holds pages of a program just built that are not on disk yet.
use std::fs;

/// What no other process shares.
pub fn private_kb(pid: u32) -> u64 {
    let smaps = read(pid, "smaps");
    let mut writable_file = false;
    let mut dirty_files = 0;
    for line in smaps.lines() {
        // The head of a mapping: addresses, permissions, offset, device, inode (proc_pid_smaps(5)).
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [_, permissions, _, device, inode, ..] = words[..]
            && device.contains(':')
        {
            writable_file = permissions.contains('w') && inode != "0";
        } else if writable_file {
            let of_file = value(line, "Private_Dirty").unwrap_or(0);
            dirty_files += of_file;
            // A page that was written to is anonymous from then on, and counted below.
            dirty_files -= value(line, "Anonymous").unwrap_or(0).min(dirty_files);
        }
    }
    sum(&smaps, "Anonymous") + dirty_files
}

/// All that is resident.
pub fn rss_kb(pid: u32) -> u64 {
    sum(&read(pid, "smaps_rollup"), "Rss")
}

fn read(pid: u32, file: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default()
}

fn sum(file: &str, field: &str) -> u64 {
    file.lines().filter_map(|line| value(line, field)).sum()
}

/// The value of a line such as `Anonymous:    100 kB`.
fn value(line: &str, field: &str) -> Option<u64> {
    line.strip_prefix(field)?.strip_prefix(':')?.trim().strip_suffix(" kB")?.parse().ok()
}
