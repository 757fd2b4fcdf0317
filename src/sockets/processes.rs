//! The server's processes and the sockets that they hold, from /proc.
use procfs::ProcError;
use procfs::process::{FDTarget, Process, all_processes};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::fd::RawFd;

/// A descriptor of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The process.
    pub pid: Pid,
    /// Its number for the socket.
    pub fd: RawFd,
}

/// All descendants of a process, not itself. As PID 1 or child subreaper that includes what daemonized.
#[must_use]
pub fn descendants(of: Pid) -> HashSet<Pid> {
    let mut found = HashSet::new();
    let mut open = vec![of];
    let mut by_parent = None;
    while let Some(pid) = open.pop() {
        // CONFIG_PROC_CHILDREN is on in every distribution's kernel, but not in gVisor.
        let children = children(pid)
            .unwrap_or_else(|| by_parent.get_or_insert_with(scan).remove(&pid).unwrap_or_default());
        open.extend(children.into_iter().filter(|child| found.insert(*child)));
    }
    found
}

/// The children of all threads of a process, from /proc/PID/task/TID/children; `None` where the kernel has no
/// such file. A process that is gone has none.
fn children(of: Pid) -> Option<Vec<Pid>> {
    let mut found = Vec::new();
    let Ok(threads) = fs::read_dir(format!("/proc/{}/task", of.as_raw_nonzero())) else {
        return Some(found);
    };
    for thread in threads.flatten() {
        match fs::read_to_string(thread.path().join("children")) {
            Ok(list) => {
                found.extend(pids(&list));
            }
            Err(_) if thread.path().exists() => return None,
            Err(_) => {}
        }
    }
    Some(found)
}

pub(super) fn pids(list: &str) -> impl Iterator<Item = Pid> {
    list.split_whitespace().filter_map(pid)
}

/// A process's number. A negative one would be a group's, wherever it is sent a signal.
pub(super) fn pid(text: &str) -> Option<Pid> {
    Pid::from_raw(text.parse::<u32>().ok()?.try_into().ok()?)
}

/// Every process's children, by one walk over /proc.
fn scan() -> HashMap<Pid, Vec<Pid>> {
    let mut by_parent: HashMap<Pid, Vec<Pid>> = HashMap::new();
    let stats = all_processes().into_iter().flatten().filter_map(|process| process.ok()?.stat().ok());
    for stat in stats {
        if let (Some(parent), Some(pid)) = (Pid::from_raw(stat.ppid), Pid::from_raw(stat.pid)) {
            by_parent.entry(parent).or_default().push(pid);
        }
    }
    by_parent
}

/// Those of these processes who hold sockets of these inodes; and the processes whose descriptors may not be read.
/// Nothing is kept of the others: a server may have ten thousand.
#[must_use]
#[allow(clippy::implicit_hasher, reason = "nobody brings a hasher of his own")]
pub fn holders<'a>(
    of: impl IntoIterator<Item = &'a Pid>,
    wanted: &HashSet<u64>,
) -> (HashMap<u64, Vec<Holder>>, Vec<Pid>) {
    let mut by_inode: HashMap<u64, Vec<Holder>> = HashMap::new();
    let mut unreadable = Vec::new();
    for &pid in of {
        let raw = pid.as_raw_nonzero().get();
        match Process::new(raw).and_then(|process| process.fd()) {
            Ok(descriptors) => {
                let mut some = false;
                for descriptor in descriptors.flatten() {
                    some = true;
                    if let FDTarget::Socket(inode) = descriptor.target
                        && wanted.contains(&inode)
                    {
                        by_inode.entry(inode).or_default().push(Holder { pid, fd: descriptor.fd });
                    }
                }
                if !some && is_closed_to_us(pid) {
                    unreadable.push(pid);
                }
            }
            Err(ProcError::PermissionDenied(_)) => unreadable.push(pid),
            Err(ProcError::NotFound(_)) if is_there(pid) => unreadable.push(pid),
            Err(_) => {} // it has exited meanwhile
        }
    }
    (by_inode, unreadable)
}

/// Whether what a process's descriptors are may not be read although they may be listed: root may list all. The same
/// access is needed for its `exe` (proc(5): PTRACE_MODE_READ_FSCREDS).
fn is_closed_to_us(pid: Pid) -> bool {
    let exe = fs::read_link(format!("/proc/{}/exe", pid.as_raw_nonzero()));
    exe.is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
}

/// Whether a process is there of which /proc shows nothing: another user's, where it is mounted with hidepid (proc(5)).
pub(super) fn is_there(pid: Pid) -> bool {
    // EPERM is an answer, too.
    test_kill_process(pid) != Err(Errno::SRCH)
}

/// Whether a descriptor still is the socket of this inode. About 3 µs; where it may not be read it is taken to be.
#[must_use]
pub fn holds(holder: Holder, inode: u64) -> bool {
    let link = format!("/proc/{}/fd/{}", holder.pid.as_raw_nonzero(), holder.fd);
    match fs::read_link(link) {
        Ok(target) => target.as_os_str() == format!("socket:[{inode}]").as_str(),
        Err(error) => error.kind() == std::io::ErrorKind::PermissionDenied,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::getpid;
    use std::os::fd::AsRawFd;
    use std::process::Command;

    #[test]
    fn children_and_grandchildren_are_found_by_both_sources() {
        let mut child = Command::new("sh")
            .args(["-c", "sleep 60 & read line"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let pid = Pid::from_raw(child.id().cast_signed()).unwrap();
        let sleep = loop {
            if let Some(sleep) = descendants(pid).iter().next() {
                break *sleep;
            }
            std::thread::yield_now();
        };
        assert!(descendants(getpid()).is_superset(&HashSet::from([pid, sleep])));
        assert_eq!(scan().get(&pid), Some(&vec![sleep]));
        drop(child.stdin.take());
        child.wait().unwrap();
        rustix::process::kill_process(sleep, rustix::process::Signal::KILL).unwrap();
    }

    #[test]
    fn a_socket_is_found_with_its_descriptor() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let inode = rustix::fs::fstat(&listener).unwrap().st_ino;
        let wanted = HashSet::from([inode]);
        let (by_inode, unreadable) = holders(&HashSet::from([getpid()]), &wanted);
        assert_eq!(by_inode[&inode], [Holder { pid: getpid(), fd: listener.as_raw_fd() }]);
        assert!(unreadable.is_empty());
        assert!(holders(&HashSet::from([getpid()]), &HashSet::new()).0.is_empty());
        assert!(holds(by_inode[&inode][0], inode) && !holds(by_inode[&inode][0], inode + 1));
        drop(listener);
        assert!(!holds(by_inode[&inode][0], inode));
    }
}
