//! The process that started us, whose end may be a signal to us.
use super::signal::Signal;
use super::sys;
use rustix::process::{Pid, getppid};
use std::io;

/// The process that started us; `None`: it is outside of our PID namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent(Option<Pid>);

/// Why its end will not be a signal to us.
#[derive(Debug, thiserror::Error)]
pub enum ParentError {
    /// Nobody is left whose end could be.
    #[error("the process that started lameduck has ended already: there is nobody to run a server for")]
    Gone,
    /// The kernel does not do it.
    #[error("the kernel will not tell of its parent's end: {0}")]
    Refused(#[from] io::Error),
}

impl Parent {
    /// Whoever is our parent now: to be asked first of all. One that ended before has left us to an init, and nothing
    /// tells that from one whom an init has started.
    #[must_use]
    pub fn at_start() -> Self {
        Self(getppid())
    }

    /// Has the kernel send us `signal` when it ends (prctl(2), PR_SET_PDEATHSIG): strictly, when the thread of it
    /// ends that started us. A program that we become or start does not inherit it.
    ///
    /// # Errors
    /// When it has ended since [`Self::at_start`]: the kernel would say nothing any more.
    pub fn tell_its_end_by(self, signal: Signal) -> Result<(), ParentError> {
        sys::set_parent_death_signal(signal)?;
        // Only now: one that ends later is told of.
        if Self::at_start() == self { Ok(()) } else { Err(ParentError::Gone) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{getpid, parent_process_death_signal};

    #[test]
    fn a_parent_that_is_there_is_followed_and_one_that_has_gone_is_told() {
        // Real-time signals have no name in any library.
        for signal in [Signal::TERM, Signal::new(64).unwrap()] {
            Parent::at_start().tell_its_end_by(signal).unwrap();
            let set = parent_process_death_signal().unwrap().map(rustix::process::Signal::as_raw);
            assert_eq!(set, Some(signal.number()));
        }
        // Whoever was our parent, it was not ourselves.
        let gone = Parent(Some(getpid())).tell_its_end_by(Signal::TERM).unwrap_err();
        assert!(matches!(gone, ParentError::Gone), "{gone}");
    }
}
