//! Where a command's program may be, as execvp(3) looks for it.
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Longest first line of a script that the kernel reads, bytes: `BINPRM_BUF_SIZE` in `<linux/binfmts.h>`.
pub const SCRIPT_LINE: u64 = 256;

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

/// Whether this may be a script: a file that can be read and has no NUL in the first of it, of which programs are full
/// (bash decides so, too).
pub fn is_text(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(SCRIPT_LINE).read_to_end(&mut start));
    read.is_ok() && !start.contains(&0)
}

/// PATH, or what stands in for it.
pub fn search_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into())
}
