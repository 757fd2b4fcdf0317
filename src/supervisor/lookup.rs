//! Where a command's program may be, as execvp(3) looks for it.
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Where to look when the environment has no PATH: what glibc's execvp(3) does.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// The paths to try, in this order: the name itself when it has a slash, else the name in each directory of
/// PATH.
pub fn candidates(name: &OsStr) -> Vec<PathBuf> {
    if name.as_bytes().contains(&b'/') {
        return vec![name.into()];
    }
    // An empty name would find the directories themselves.
    std::env::split_paths(&search_path())
        .filter(|_| !name.is_empty())
        .map(|directory| directory.join(name))
        .collect()
}

/// PATH, or what stands in for it.
pub fn search_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into())
}
