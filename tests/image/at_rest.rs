//! What the image's program takes while it waits for a signal.
use crate::support::process::state;
use crate::support::running::Running;
use crate::support::{wait_for, without_settings};
use crate::unpacked::Image;
use std::fs;
use std::process::Command;

/// All that is resident, kB: most of it pages of its file, which all share who run it. deploy/layout keeps them few.
const MOST_RESIDENT: u64 = 2560;
/// What is its own, kB.
const MOST_PRIVATE: u64 = 300;

pub fn little_memory() {
    let image = Image::unpacked();
    let mut command = without_settings(Command::new(image.root().join("lameduck")));
    command.args(["run", "--", "sh", "-c", "echo up; exec sleep 600"]);
    let mut running = Running::start(command);
    assert_eq!(running.line(), "up");
    wait_for("it to be at rest", || (state(running.pid()) == Some('S')).then_some(()));
    let [resident, private] = ["Rss", "Anonymous"].map(|what| kilobytes(running.pid(), what));
    println!("{resident} kB resident, {private} of it its own");
    assert!(
        resident <= MOST_RESIDENT,
        "{resident} kB: has what it executes first moved? deploy/layout/generate lays it in front again"
    );
    assert!(private <= MOST_PRIVATE, "{private} kB");
    let threads = fs::read_dir(format!("/proc/{}/task", running.pid())).expect("its threads").count();
    assert_eq!(threads, 1);
}

/// A sum of /proc/PID/smaps_rollup, which is exact; VmRSS is not (proc_pid_status(5)).
fn kilobytes(pid: u32, what: &str) -> u64 {
    let sums = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("proc_pid_smaps(5)");
    let mut lines = sums.lines().filter_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
    let sum = lines.find_map(|sum| sum.trim().strip_suffix(" kB")?.parse().ok());
    sum.unwrap_or_else(|| panic!("no {what}: {sums}"))
}
