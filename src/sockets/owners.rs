//! Who holds the server's sockets, thousands of them: one pass over the descriptors of its processes, and duplicates
//! that are held for an instant.
use super::processes::is_there;
use rustix::fs::{CWD, Mode, OFlags, RawDir, fstat, openat, readlinkat_raw};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{OwnedFd, RawFd};

/// What /proc/PID/fd/N of a socket points to, around its inode (proc_pid_fd(5)).
const SOCKET: (&[u8], &[u8]) = (b"socket:[", b"]");

/// The sockets of the server's processes, and a pidfd of each process that a duplicate was asked of.
#[derive(Debug, Default)]
pub struct Owners {
    /// In the order of their inodes.
    held: Vec<Held>,
    /// Descriptors of some process may not be read.
    some_hidden: bool,
    /// What could be read is not all: descriptors or memory are lacking.
    incomplete: bool,
    processes: HashMap<Pid, OwnedFd>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    inode: u64,
    pid: Pid,
    fd: RawFd,
}

impl Owners {
    /// Finds them: about 1 µs a descriptor. A process whose descriptors may not be read may have any.
    pub fn find<'a>(&mut self, processes: impl IntoIterator<Item = &'a Pid>) {
        self.held.clear();
        self.some_hidden = false;
        // Whoever found the processes may have lacked a descriptor, and not have told.
        self.incomplete = fs::read_dir("/proc/self/task").is_err();
        for &pid in processes {
            match self.find_in(pid) {
                // Another user's (proc(5): ptrace access mode PTRACE_MODE_READ_FSCREDS).
                Err(Errno::ACCESS | Errno::PERM) => self.some_hidden = true,
                Err(Errno::NOENT) if is_there(pid) => self.some_hidden = true,
                Err(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => self.incomplete = true,
                // Or it has gone meanwhile.
                Ok(()) | Err(_) => {}
            }
        }
        self.held.sort_unstable_by_key(|held| held.inode);
        self.held.shrink_to_fit();
    }

    /// Whether there are processes whose descriptors may not be read.
    #[must_use]
    pub fn some_are_hidden(&self) -> bool {
        self.some_hidden
    }

    /// Whether one of the processes was seen to hold the socket of this inode.
    #[must_use]
    pub fn holds(&self, inode: u64) -> bool {
        !self.range_of(inode).is_empty()
    }

    /// Whether any of the processes holds the socket of this inode, as far as could be read: where that was not all,
    /// it may.
    #[must_use]
    pub fn may_hold(&self, inode: u64) -> bool {
        self.incomplete || self.holds(inode)
    }

    /// A duplicate of the socket of this inode. Descriptor numbers are used again: what is given is that socket.
    ///
    /// # Errors
    /// ENOENT: none of the processes holds it any more; EPERM: not permitted here; EMFILE: no descriptor is left.
    pub fn duplicate(&mut self, inode: u64) -> io::Result<OwnedFd> {
        let mut error = Errno::NOENT;
        for index in self.range_of(inode) {
            match self.try_duplicate(self.held[index]) {
                Ok(socket) => return Ok(socket),
                Err(refusal) => error = refusal,
            }
        }
        Err(error.into())
    }

    /// Shows those that hold the socket of this inode: the process, its number, and its descriptor.
    pub fn each_holder(&mut self, inode: u64, mut show: impl FnMut(&OwnedFd, Pid, RawFd)) {
        for index in self.range_of(inode) {
            let Held { pid, fd, .. } = self.held[index];
            if let Ok(process) = self.process(pid) {
                show(process, pid, fd);
            }
        }
    }

    fn process(&mut self, pid: Pid) -> rustix::io::Result<&OwnedFd> {
        Ok(match self.processes.entry(pid) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(none) => none.insert(pidfd_open(pid, PidfdFlags::empty())?),
        })
    }

    fn try_duplicate(&mut self, held: Held) -> rustix::io::Result<OwnedFd> {
        let process = self.process(held.pid)?;
        let socket = pidfd_getfd(process, held.fd, PidfdGetfdFlags::empty());
        match socket {
            // The process number may be another's by now.
            Err(Errno::SRCH) => {
                self.processes.remove(&held.pid);
                return Err(Errno::NOENT);
            }
            Err(Errno::BADF) => return Err(Errno::NOENT),
            _ => {}
        }
        let socket = socket?;
        if fstat(&socket)?.st_ino == held.inode { Ok(socket) } else { Err(Errno::NOENT) }
    }

    fn range_of(&self, inode: u64) -> std::ops::Range<usize> {
        let begin = self.held.partition_point(|held| held.inode < inode);
        begin..begin + self.held[begin..].partition_point(|held| held.inode == inode)
    }

    fn find_in(&mut self, pid: Pid) -> rustix::io::Result<()> {
        let path = format!("/proc/{}/fd", pid.as_raw_nonzero());
        let directory =
            openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let mut buffer = [MaybeUninit::uninit(); 8 * 1024];
        let mut entries = RawDir::new(&directory, &mut buffer);
        while let Some(entry) = entries.next() {
            let name = entry?.file_name().to_owned();
            let Some(fd) = name.to_str().ok().and_then(|number| number.parse().ok()) else { continue };
            // "socket:[18446744073709551615]" fits; what is longer is no socket.
            let mut target = [MaybeUninit::uninit(); 32];
            match readlinkat_raw(&directory, &*name, &mut target) {
                Ok((target, _)) => self.held.extend(inode(target).map(|inode| Held { inode, pid, fd })),
                // Root may list what it may not read.
                Err(refusal @ (Errno::ACCESS | Errno::PERM)) => return Err(refusal),
                // Closed meanwhile.
                Err(_) => {}
            }
        }
        Ok(())
    }
}

fn inode(target: &[u8]) -> Option<u64> {
    let number = target.strip_prefix(SOCKET.0)?.strip_suffix(SOCKET.1)?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::getpid;
    use std::net::{TcpListener, TcpStream};

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    #[test]
    fn a_socket_is_found_and_duplicated_and_is_no_more_when_it_is_closed() {
        let (_client, server) = pair();
        let inode = fstat(&server).unwrap().st_ino;
        let mut owners = Owners::default();
        owners.find(&[getpid()]);
        assert!(owners.may_hold(inode) && !owners.may_hold(0));
        assert_eq!(fstat(owners.duplicate(inode).unwrap()).unwrap().st_ino, inode);
        drop(server);
        // A stale number gives no stranger's socket.
        assert_eq!(owners.duplicate(inode).unwrap_err().kind(), io::ErrorKind::NotFound);
        owners.find(&[getpid()]);
        assert!(!owners.may_hold(inode));
    }

    #[test]
    fn a_number_that_another_socket_has_taken_is_refused() {
        let (client, server) = pair();
        let inode = fstat(&server).unwrap().st_ino;
        let mut owners = Owners::default();
        owners.find(&[getpid()]);
        let mut number = OwnedFd::from(server);
        rustix::io::dup2(&client, &mut number).unwrap();
        assert_eq!(owners.duplicate(inode).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_process_that_is_gone_has_nothing() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = Pid::from_child(&child);
        child.wait().unwrap();
        let mut owners = Owners::default();
        owners.find(&[pid]);
        assert!(owners.held.is_empty());
    }
}
