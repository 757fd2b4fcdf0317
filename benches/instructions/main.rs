//! Instructions, counted by valgrind: what a call costs whatever else the machine does. Beside each stands what was counted when
//! its baseline was written, so that a slower commit is seen.
//!
//! `cargo bench --bench instructions`, and `-- --write-baseline` where the new figures are as they should be.
//!
//! | file | subject |
//! |---|---|
//! | `calls` | what is counted, so many times |
//! | `valgrind` | counting |
//! | `baseline` | the figures that were written |
mod baseline;
mod calls;
#[path = "../support/mod.rs"]
mod support;
mod valgrind;

use calls::{CALLS, ROLE};
use std::ffi::OsStr;
use std::path::Path;
use support::{machine, table};

/// A lameduck that runs nothing, from its start to its end.
/// valgrind (3.19) has no pidfd_open, on which capture depends.
const RUN: [&str; 5] = ["run", "--capture", "none", "--", "true"];
const RUN_NAME: &str = "`lameduck run --capture none -- true`, start to end";

fn main() {
    if calls::played() || !machine::begin("Instructions") {
        return;
    }
    if !valgrind::is_there() {
        println!("nothing is counted: valgrind is not installed here (Debian has a package of this name)");
        return;
    }
    let mut figures: Vec<(&str, u64)> =
        CALLS.iter().map(|call| (call.name, a_call(call.id, call.few, call.many))).collect();
    let lameduck = Path::new(env!("CARGO_BIN_EXE_lameduck"));
    figures.push((RUN_NAME, valgrind::count(lameduck, &RUN.map(OsStr::new))));

    let written = baseline::read();
    let rows: Vec<Vec<String>> = figures.iter().map(|(name, count)| row(name, *count, &written)).collect();
    table::print(&["instructions a call", "now", "baseline", "now / baseline"], &rows);
    if std::env::args().any(|argument| argument == "--write-baseline") {
        baseline::write(&figures);
    }
}

/// What many calls take more than few, by one: what comes before and after them falls out.
fn a_call(id: &str, few: u32, many: u32) -> u64 {
    let this = std::env::current_exe().expect("this program");
    let of = |times: u32| {
        let times = times.to_string();
        valgrind::count(&this, &[ROLE, id, &times].map(OsStr::new))
    };
    of(many).saturating_sub(of(few)) / u64::from(many - few)
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
fn row(name: &str, count: u64, written: &[(String, u64)]) -> Vec<String> {
    let before = written.iter().find(|(known, _)| known == name).map(|(_, count)| *count);
    let ratio = before.map(|before| format!("{:.3}", count as f64 / before as f64));
    let before = before.map(|before| before.to_string());
    vec![name.to_owned(), count.to_string(), before.unwrap_or("-".into()), ratio.unwrap_or("-".into())]
}
