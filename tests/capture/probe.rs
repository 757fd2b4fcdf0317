//! `probe.py`: calls of a server, made plainly or under lameduck.
use crate::support::{finish, lameduck, python};
use std::process::{Command, Output};

const PROBE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/capture/probe.py");

/// The words that run a case of the probe.
pub fn words(case: &str) -> [String; 3] {
    [python::program("python").to_string_lossy().into_owned(), PROBE.to_owned(), case.to_owned()]
}

/// What the case says when it runs plainly.
pub fn plainly(case: &str) -> String {
    let [python, words @ ..] = words(case);
    said(&finish(Command::new(python).args(words)))
}

/// What it says under `lameduck run --capture bind`.
pub fn announced(case: &str) -> String {
    said(&finish(lameduck().args(["run", "--capture", "bind", "--"]).args(words(case))))
}

/// What it said, once it has ended well.
pub fn said(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}
