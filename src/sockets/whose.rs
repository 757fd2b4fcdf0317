//! Whose sockets are looked for: those of a server that we have started, or of one that somebody else has.
use super::neighbours::Neighbours;
use super::processes::{descendants, pid};
use rustix::process::{Pid, getpid};
use std::collections::HashSet;
use std::fs;
use std::sync::Arc;

/// Whose sockets are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Whose {
    /// All that lameduck has started, and whatever that left behind.
    #[default]
    Ours,
    /// A process that somebody else has started, and its descendants.
    Below(Pid),
    /// All processes of the container that we are in, but ourselves and what we have started. A container is known by its
    /// control groups (cgroups(7)): where containers of a pod share their processes, each has its own.
    Container,
    /// Those of other containers, which share their processes with ours (shareProcessNamespace).
    Beside(Arc<Neighbours>),
    /// Those of other containers, which share nothing but their network with ours, or are another user's: none is seen.
    Unseen,
}

impl Whose {
    /// Those of other containers, as far as they are seen: whoever holds the listeners of these inodes.
    #[must_use]
    pub fn beside(listeners: &HashSet<u64>) -> Self {
        Neighbours::who_hold(listeners).map_or(Self::Unseen, |neighbours| Self::Beside(Arc::new(neighbours)))
    }

    /// Whether they are other containers', so that a port is all that tells whose a listener is.
    #[must_use]
    pub fn are_other_containers(&self) -> bool {
        matches!(self, Self::Beside(_) | Self::Unseen)
    }

    /// Their processes now.
    #[must_use]
    pub fn processes(&self) -> HashSet<Pid> {
        match self {
            Self::Ours => descendants(getpid()),
            Self::Below(root) => {
                let mut found = descendants(*root);
                found.insert(*root);
                found
            }
            Self::Container => in_our_container(),
            Self::Beside(neighbours) => neighbours.processes(),
            Self::Unseen => HashSet::new(),
        }
    }
}

fn in_our_container() -> HashSet<Pid> {
    let own = getpid();
    let Some(group) = control_groups(own) else { return HashSet::new() };
    let ours = descendants(own);
    let is_theirs = |pid: &Pid| *pid != own && !ours.contains(pid);
    all().filter(is_theirs).filter(|pid| control_groups(*pid).as_ref() == Some(&group)).collect()
}

/// Every process that /proc shows.
pub(super) fn all() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| pid(entry.file_name().to_str()?))
}

/// The control groups that a process is in, as the kernel tells them to us; `None`: it is gone, or hidden from us.
pub(super) fn control_groups(of: Pid) -> Option<Vec<u8>> {
    fs::read(format!("/proc/{}/cgroup", of.as_raw_nonzero())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::getppid;
    use std::process::{Command, Stdio};

    #[test]
    fn the_container_is_all_of_our_control_group_but_ourselves_and_our_children() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let pid = Pid::from_child(&child);
        let container = Whose::Container.processes();
        let parent = getppid().unwrap();
        assert_eq!(container.contains(&parent), control_groups(parent) == control_groups(getpid()));
        assert!(!container.contains(&pid) && !container.contains(&getpid()));
        assert!(Whose::Below(pid).processes().contains(&pid), "itself");
        assert!(Whose::Ours.processes().contains(&pid));
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}
