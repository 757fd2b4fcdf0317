//! The names in the directory of a unix listener: its own, and ours beside it.
use crate::sockets::unix::node::{Node, socket_at};
use rustix::fs::{AtFlags, Gid, Mode, Stat, Uid, chmodat, chownat, linkat, renameat, statat, unlinkat};
use rustix::io::{Errno, Result};
use std::path::{Path, PathBuf};

/// How all names of ours begin.
const BEGIN: &str = ".lameduck-";

/// A name of ours: what it leads to.
#[derive(Debug, Clone, Copy)]
pub enum Which {
    /// Our socket.
    Ours,
    /// The same, for the moment before it takes the path.
    New,
    /// The server's socket, so that it can come back.
    Servers,
}

impl Which {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Ours, Self::New, Self::Servers];

    /// The inode of the listener that this name is made of; `None`: it is no name of ours.
    pub fn listener_of(found: &Path) -> Option<u64> {
        let inode = found.to_str()?.strip_prefix(BEGIN)?.split('-').next()?.parse().ok()?;
        Self::ALL.iter().any(|which| name(inode, *which) == found).then_some(inode)
    }
}

/// A name beside the path of the listener of this inode.
pub fn name(inode: u64, which: Which) -> PathBuf {
    let which = match which {
        Which::Ours => "ours",
        Which::New => "new",
        Which::Servers => "server",
    };
    PathBuf::from(format!("{BEGIN}{inode}-{which}"))
}

/// The names in one directory. Ours begin with a dot and hold the listener's inode.
#[derive(Debug)]
pub struct Names {
    path: Node,
    ours: PathBuf,
    new: PathBuf,
    servers: PathBuf,
}

impl Names {
    /// The names beside the path of the listener of this inode.
    pub fn new(path: Node, inode: u64) -> Self {
        let name = |which| name(inode, which);
        Self { path, ours: name(Which::Ours), new: name(Which::New), servers: name(Which::Servers) }
    }

    /// Where our socket is to be bound: short enough for a socket address.
    pub fn ours(&self) -> PathBuf {
        self.path.beside(self.ours.as_os_str())
    }

    /// The directory, to be watched.
    pub fn directory(&self) -> PathBuf {
        self.path.beside(".".as_ref())
    }

    /// Gives our file the owner, group and mode of the server's: connect(2) asks for write permission on it.
    pub fn make_like_the_servers(&self) -> Result<()> {
        let servers = self.at(&self.path.name).ok_or(Errno::NOENT)?;
        let ours = self.at(&self.ours).ok_or(Errno::NOENT)?;
        let (uid, gid) = (Uid::from_raw(servers.st_uid), Gid::from_raw(servers.st_gid));
        if (ours.st_uid, ours.st_gid) != (servers.st_uid, servers.st_gid) {
            let flags = AtFlags::SYMLINK_NOFOLLOW;
            chownat(&self.path.directory, &self.ours, Some(uid), Some(gid), flags)?;
        }
        // It is our own socket, in a name that nobody else uses: fchmodat(2) knows no flag to tell a link from it.
        chmodat(&self.path.directory, &self.ours, Mode::from_raw_mode(servers.st_mode), AtFlags::empty())
    }

    /// Gives the server's file a second name.
    pub fn save_the_servers(&self) -> Result<()> {
        self.link(&self.path.name, &self.servers)
    }

    /// Puts our file in the place of the server's, in one step.
    pub fn take(&self) -> Result<()> {
        // Of two names of one file the path gets one: by the other it can come back.
        self.link(&self.ours, &self.new)?;
        renameat(&self.path.directory, &self.new, &self.path.directory, &self.path.name)
    }

    /// Whether nothing is at the path.
    pub fn is_removed(&self) -> bool {
        let found = statat(&self.path.directory, &self.path.name, AtFlags::SYMLINK_NOFOLLOW);
        matches!(found, Err(Errno::NOENT))
    }

    /// Puts our file back to where nothing is; where something is, nothing changes.
    pub fn put_back(&self) -> Result<()> {
        self.link(&self.ours, &self.path.name)
    }

    /// Leaves the path without our file: gone if `removed`, else with the server's. If another file is there by now, it
    /// is another's.
    pub fn give_back(&self, removed: bool) -> Result<()> {
        let identity = |stat: Stat| (stat.st_dev, stat.st_ino);
        let is_ours = self.at(&self.path.name).map(identity) == self.at(&self.ours).map(identity);
        match (is_ours, removed) {
            (false, _) => Ok(()),
            (true, true) => unlinkat(&self.path.directory, &self.path.name, AtFlags::empty()),
            (true, false) => {
                renameat(&self.path.directory, &self.servers, &self.path.directory, &self.path.name)
            }
        }
    }

    /// Removes our names, as far as they are there.
    pub fn remove(&self) {
        for name in [&self.ours, &self.new, &self.servers] {
            let _ = unlinkat(&self.path.directory, name, AtFlags::empty());
        }
    }

    fn at(&self, name: &Path) -> Option<Stat> {
        socket_at(&self.path.directory, name)
    }

    fn link(&self, from: &Path, to: &Path) -> Result<()> {
        linkat(&self.path.directory, from, &self.path.directory, to, AtFlags::empty())
    }
}
