//! `lameduck install`: into a directory, a full volume, a read-only one, and where there is none.
//!
//! Volumes are mounted in namespaces of the test's own; where none are to be had those tests are shown as ignored, with the reason.
#[path = "../support/mod.rs"]
mod support;

mod directories;
mod volumes;

use libtest_mimic::Arguments;
use std::path::Path;
use std::process::{Command, ExitCode, Output};

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_lameduck");

/// How a run ended, and what it said on its standard error; it says nothing on the other.
fn said(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = support::finish(command);
    assert_eq!(String::from_utf8_lossy(&stdout), "");
    (status.code(), String::from_utf8(stderr).expect("UTF-8"))
}

/// `lameduck install DIRECTORY`.
fn install(directory: &Path) -> (Option<i32>, String) {
    said(support::lameduck().arg("install").arg(directory))
}

/// The names in a directory.
fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

fn main() -> ExitCode {
    let trials = [directories::trials(), volumes::trials()].into_iter().flatten().collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
