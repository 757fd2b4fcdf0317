//! The tools: where they are, and what they say.
use crate::support;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The folder that is tested.
pub const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy");

/// A program of PATH, or one that a variable names.
///
/// # Errors
/// Where there is none.
pub fn tool(variable: &str, name: &str) -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os(variable).filter(|named| !named.is_empty()) {
        return Ok(named.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file());
    found.ok_or_else(|| format!("{name} is not on PATH: install it, or name it by {variable}"))
}

/// kubectl, which has kustomize built in.
///
/// # Errors
/// As [`tool`].
pub fn kubectl() -> Result<PathBuf, String> {
    tool("KUBECTL", "kubectl")
}

/// What a command prints, or what it says when it fails: then it has printed nothing.
///
/// # Errors
/// With its standard error.
///
/// # Panics
/// When it fails and has printed something all the same.
pub fn said(command: &mut Command) -> Result<String, String> {
    let Output { status, stdout, stderr } = support::finish(command);
    let [stdout, stderr] = [stdout, stderr].map(|text| String::from_utf8(text).expect("UTF-8"));
    if status.success() {
        return Ok(stdout);
    }
    assert_eq!(stdout, "", "half an output: {stderr}");
    Err(stderr)
}

/// What kustomize makes of a folder.
///
/// # Errors
/// As [`said`].
///
/// # Panics
/// Without kubectl.
pub fn kustomized(folder: &Path) -> Result<String, String> {
    said(Command::new(kubectl().expect("kubectl")).arg("kustomize").arg(folder))
}

/// What `lameduck` with these words makes of a file.
pub fn lameduck(words: &[&str], file: &Path) -> String {
    let output = said(support::lameduck().args(words).arg("--filename").arg(file));
    output.unwrap_or_else(|stderr| panic!("{words:?}: {stderr}"))
}

/// Copies a folder into another.
pub fn copy(folder: impl AsRef<OsStr>, into: &Path) {
    let copied = Command::new("cp").arg("-R").arg(folder.as_ref()).arg(into).status().expect("cp");
    assert!(copied.success());
}
