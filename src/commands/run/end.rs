//! What a server of somebody else ends with.
use crate::sockets::processes::{Holder, holders, holds};
use crate::sockets::{Whose, discovery};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// How often it is looked whether listeners are gone: about 20 µs, and 3 µs for each that is held.
const PACE: Duration = Duration::from_millis(50);

/// What the server ends with.
#[derive(Debug)]
pub enum End {
    /// Its first process, by pidfd.
    Process(OwnedFd),
    /// The last of its listeners.
    Listeners(Listeners),
}

/// The listeners of a server in another container.
#[derive(Debug)]
pub struct Listeners {
    ports: Vec<u16>,
    inodes: HashSet<u64>,
    whose: Whose,
    /// Who of the server held them when that was last looked for. Those that we hold are there as long as we are.
    held: RefCell<HashMap<u64, Vec<Holder>>>,
}

impl End {
    /// That of this process.
    ///
    /// # Errors
    /// ESRCH: it is gone; EMFILE: no descriptor is left.
    pub fn of(main: Pid) -> io::Result<Self> {
        Ok(Self::Process(pidfd_open(main, PidfdFlags::empty())?))
    }

    /// That of the listeners of these inodes, at these ports.
    #[must_use]
    pub fn of_listeners(ports: Vec<u16>, inodes: HashSet<u64>, whose: Whose) -> Self {
        Self::Listeners(Listeners { ports, inodes, whose, held: RefCell::default() })
    }

    /// Whether it has come. What cannot be seen has not.
    pub(super) fn has_come(&self) -> bool {
        match self {
            Self::Process(process) => is_ready(process.as_fd()),
            Self::Listeners(listeners) => listeners.are_gone(),
        }
    }

    /// How often that is to be asked; `None`: [`Self::source`] tells.
    pub(super) fn pace(&self) -> Option<Duration> {
        matches!(self, Self::Listeners(_)).then_some(PACE)
    }

    /// What becomes readable when it comes: a pidfd when its process has ended.
    pub(super) fn source(&self) -> Option<&OwnedFd> {
        match self {
            Self::Process(process) => Some(process),
            Self::Listeners(_) => None,
        }
    }
}

impl Listeners {
    fn are_gone(&self) -> bool {
        let not_ours = discovery::at(&self.ports, &HashSet::new());
        not_ours.is_ok_and(|now| now.iter().all(|listener| !self.inodes.contains(&listener.inode)))
            && !self.are_held()
    }

    /// By a process of the server.
    fn are_held(&self) -> bool {
        let mut held = self.held.borrow_mut();
        let still =
            |(inode, holders): (&u64, &Vec<Holder>)| holders.iter().any(|holder| holds(*holder, *inode));
        held.iter().any(still) || {
            *held = holders(&self.whose.processes(), &self.inodes).0;
            !held.is_empty()
        }
    }
}

/// Whether it can be read, or never will be.
pub(super) fn is_ready(source: BorrowedFd) -> bool {
    let now = Timespec::default();
    let mut sources = [PollFd::from_borrowed_fd(source, PollFlags::IN)];
    matches!(poll(&mut sources, Some(&now)), Ok(ready) if ready > 0)
}
