//! Where in the file system a listener's path leads: a directory that is held, and a name in it.
//!
//! Names beside a path of 107 bytes do not fit into a socket address; by /proc/self/fd/DIRECTORY they do.
use crate::sockets::processes::Holder;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, openat, statat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// A name in a directory.
#[derive(Debug)]
pub struct Node {
    /// The directory.
    pub directory: OwnedFd,
    /// The last part of the path.
    pub name: PathBuf,
}

impl Node {
    /// Finds the file of the listener that was bound to `path` by one of these processes. A relative path begins in
    /// their directory, and an absolute one in their root, which may be other than ours. `node`: the inode of the file,
    /// where it is known.
    ///
    /// # Errors
    /// ENOENT: there is no socket of this inode at the path; the server has removed it, or another has taken its place.
    pub fn find(path: &Path, holders: &[Holder], node: Option<u32>) -> io::Result<Self> {
        let of_processes = holders.iter().map(|holder| {
            let start = if path.is_absolute() { "root" } else { "cwd" };
            let start = PathBuf::from(format!("/proc/{}/{start}", holder.pid.as_raw_nonzero()));
            start.join(path.strip_prefix("/").unwrap_or(path))
        });
        let ours = path.is_absolute().then(|| path.to_owned());
        for path in ours.into_iter().chain(of_processes) {
            let Ok(found) = Self::at(&path) else { continue };
            if found.socket().is_some() && node.is_none_or(|node| found.inode() == Some(node)) {
                return Ok(found);
            }
        }
        Err(Errno::NOENT.into())
    }

    /// The name that this path ends with, in its directory.
    ///
    /// # Errors
    /// openat(2)'s own; EINVAL: it ends with no name.
    pub fn at(path: &Path) -> io::Result<Self> {
        let name = PathBuf::from(path.file_name().ok_or(Errno::INVAL)?);
        let directory = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        Ok(Self { directory: openat(CWD, directory, flags, Mode::empty())?, name })
    }

    /// A path to a name in the same directory, short enough for a socket address.
    #[must_use]
    pub fn beside(&self, name: &OsStr) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.directory.as_raw_fd())).join(name)
    }

    /// The socket that is there now.
    #[must_use]
    pub fn socket(&self) -> Option<Stat> {
        socket_at(&self.directory, &self.name)
    }

    /// The low bits of the inode of what is there, as the file system itself counts: on an overlay stat(2) gives
    /// another.
    fn inode(&self) -> Option<u32> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&self.directory, &self.name, flags, Mode::empty()).ok()?;
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd())).unwrap_or_default();
        let inode = told_inode(&info);
        #[expect(clippy::cast_possible_truncation, reason = "unix_diag gives no more of it")]
        inode.or_else(|| Some(self.socket()?.st_ino)).map(|inode| inode as u32)
    }
}

/// Linux 5.14 has the line.
pub(in crate::sockets) fn told_inode(fdinfo: &str) -> Option<u64> {
    fdinfo.lines().find_map(|line| line.strip_prefix("ino:")?.trim().parse().ok())
}

/// The socket of this name in a directory.
pub fn socket_at(directory: impl AsFd, name: &Path) -> Option<Stat> {
    let stat = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    (FileType::from_raw_mode(stat.st_mode) == FileType::Socket).then_some(stat)
}
