//! Where a figure comes from: the kernel, the processors, what else was running.
use std::fs;

/// Whether `cargo bench` is asking, and not a test run that builds the benches too: a measurement is no test.
/// Prints what is measured, and where.
pub fn begin(what: &str) -> bool {
    let asked = std::env::args().any(|argument| argument == "--bench");
    if asked {
        println!("\n## {what}\n\n{}", describe());
    } else {
        println!("nothing is measured: run `cargo bench`");
    }
    asked
}

/// Kernel, processors, and the load average of the last minute: above 1 others were working too.
pub fn describe() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("unknown");
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    format!("Linux {}, {processors} processors, load average {load}", kernel.trim())
}
