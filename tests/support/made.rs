//! What the tests make once under `target/`, and again when its sources change.
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The directory `name` under `target/`, as `make` left it when the content of `sources` was last another, or what
/// was there no longer `works`. Several test programs may ask at once: one makes it, the others wait.
///
/// # Panics
/// When it cannot be made: with what is missing.
pub fn made(
    name: &str,
    sources: &[&str],
    works: impl FnOnce(&Path) -> bool,
    make: impl FnOnce(&Path),
) -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&home).expect("a directory under target/");
    let lock = File::create(home.join("lock")).expect("a lock file under target/");
    flock(&lock, FlockOperation::LockExclusive).expect("the lock of what is made under target/");

    let stamp = home.join("stamp");
    let wanted: Vec<u8> = sources
        .iter()
        .flat_map(|source| fs::read(source).unwrap_or_else(|e| panic!("{source}: {e}")))
        .collect();
    if fs::read(&stamp).is_ok_and(|made| made == wanted) && works(&home) {
        return home;
    }
    let _ = fs::remove_file(&stamp);
    make(&home);
    // Last: what is half made has no stamp.
    fs::write(&stamp, wanted).expect("the stamp of what is made under target/");
    home
}

/// Runs a command that makes something.
///
/// # Panics
/// When it fails: with what it said and the remedy.
pub fn run(command: &mut Command, remedy: &str) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; {remedy}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}; {remedy}\n{said}", output.status);
}
