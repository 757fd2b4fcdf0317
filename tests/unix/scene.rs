//! A directory for sockets, and servers that listen there.
use crate::support::server::{Builder, Server};
use rustix::fs::{Gid, Uid, chown};
use rustix::process::geteuid;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The user that servers without privileges run as (tests/support/server/builder.rs).
const NOBODY: u32 = 65534;

/// A directory that any of our servers' users may write to.
pub struct Place(TempDir);

impl Place {
    /// One that belongs to the user whom servers without privileges run as.
    pub fn new() -> Self {
        let place = tempfile::tempdir().expect("a temporary directory");
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).expect("our own directory");
        if geteuid().is_root() {
            let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
            chown(place.path(), Some(user), Some(group)).expect("root may");
        }
        Self(place)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A path of so many bytes for a socket.
    pub fn socket(&self, length: usize) -> PathBuf {
        let parent = self.path().as_os_str().len() + 1;
        self.path().join("s".repeat(length.saturating_sub(parent).max(1)))
    }

    /// What is there.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).expect("our own directory");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

/// A worker class with two workers, the rate that is above what they can do, and how many clients then wait.
pub struct Kind {
    pub name: &'static str,
    args: &'static [&'static str],
    pub rate: f64,
    pub backlog: usize,
}

/// Two workers, 20 ms a request and one in 25 half a second: 39 ms each.
pub static KINDS: [Kind; 2] = [
    Kind { name: "sync", args: &["--workers", "2"], rate: 90.0, backlog: 60 },
    Kind {
        name: "gthread",
        args: &["--workers", "2", "--threads", "2", "--worker-connections", "4"],
        rate: 160.0,
        backlog: 60,
    },
];

impl Kind {
    pub fn gunicorn(&self, at: &Path) -> Builder {
        Server::gunicorn_at(at, self.name, self.args)
    }
}
