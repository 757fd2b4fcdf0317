//! The processes of other containers of our pod, where they are seen: whoever holds the listeners that we look for, and all who
//! are in the same containers.
use super::processes::{descendants, holders};
use super::whose::{all, control_groups};
use rustix::process::{Pid, getpid};
use std::collections::HashSet;

/// Processes of other containers.
#[derive(Debug, PartialEq, Eq)]
pub struct Neighbours {
    /// Who held the listeners when they were looked for.
    holders: HashSet<Pid>,
    /// The control groups that they were in (cgroups(7)), but our own: a container has its own. Without containers it tells
    /// nothing.
    groups: HashSet<Vec<u8>>,
}

impl Neighbours {
    /// Those who hold listeners of these inodes; `None`: nobody is seen who does.
    #[must_use]
    pub fn who_hold(listeners: &HashSet<u64>) -> Option<Self> {
        let own = getpid();
        let others: HashSet<Pid> = all().filter(|pid| *pid != own).collect();
        let held = holders(&others, listeners).0;
        let holders: HashSet<Pid> = held.into_values().flatten().map(|holder| holder.pid).collect();
        let mut groups: HashSet<Vec<u8>> = holders.iter().copied().filter_map(control_groups).collect();
        if let Some(ours) = control_groups(own) {
            groups.remove(&ours);
        }
        (!holders.is_empty()).then_some(Self { holders, groups })
    }

    /// Their processes now: all of their containers, and their descendants, wherever those have gone.
    #[must_use]
    pub fn processes(&self) -> HashSet<Pid> {
        let all: HashSet<Pid> = all().collect();
        let is_theirs = |pid: &Pid| {
            self.holders.contains(pid)
                || !self.groups.is_empty()
                    && control_groups(*pid).is_some_and(|one| self.groups.contains(&one))
        };
        let mut found: HashSet<Pid> = all.into_iter().filter(is_theirs).collect();
        found.extend(self.holders.iter().flat_map(|holder| descendants(*holder)));
        found.remove(&getpid());
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::fstat;
    use std::net::TcpListener;
    use std::process::{Command, Stdio};

    #[test]
    fn whoever_holds_a_listener_is_a_neighbour_with_all_that_it_has_started() {
        // Given: a child that has a listener of ours as its standard input, and a child of its own.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let inode = HashSet::from([fstat(&listener).unwrap().st_ino]);
        let mut child = Command::new("sh")
            .args(["-c", "sleep 60 & echo $!; wait"])
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(listener)))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line)
            .unwrap();
        let (pid, grandchild) =
            (Pid::from_child(&child), Pid::from_raw(line.trim().parse().unwrap()).unwrap());
        // Then: both are, and we are not, who are in the same control group and have started them.
        let neighbours = Neighbours::who_hold(&inode).expect("a holder");
        assert!(neighbours.processes().is_superset(&HashSet::from([pid, grandchild])));
        assert!(!neighbours.processes().contains(&getpid()));
        assert_eq!(neighbours.groups, HashSet::new());
        // When: it has gone. Then what it has left behind is known no more, and neither is it.
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!neighbours.processes().contains(&pid));
        rustix::process::kill_process(grandchild, rustix::process::Signal::KILL).unwrap();
    }

    #[test]
    fn a_listener_that_nobody_is_seen_to_hold_has_no_neighbours() {
        let ours = TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(Neighbours::who_hold(&HashSet::from([fstat(&ours).unwrap().st_ino])), None);
    }
}
