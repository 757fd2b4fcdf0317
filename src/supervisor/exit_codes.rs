//! The exit status with which lameduck ends in place of the server's.
use super::status::Status;

/// Which exit status is told in place of which.
#[derive(Debug, Clone, Default)]
pub struct ExitCodes(Vec<(u8, u8)>);

impl ExitCodes {
    /// Pairs of the server's status, as [`Status::code`] has it, and the one that is told in its place; of several
    /// for one status the last counts.
    #[must_use]
    pub fn new(pairs: Vec<(u8, u8)>) -> Self {
        Self(pairs)
    }

    /// What is told in place of this; `None`: the server's own.
    #[must_use]
    pub fn instead_of(&self, status: Status) -> Option<u8> {
        let pair = self.0.iter().rev().find(|(own, _)| *own == status.code());
        pair.map(|(_, told)| *told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supervisor::Signal;

    #[test]
    fn a_status_is_told_as_the_last_pair_for_it_says_and_once() {
        let codes = ExitCodes::new(vec![(143, 1), (3, 143), (143, 0)]);
        assert_eq!(codes.instead_of(Status::Exited(143)), Some(0));
        assert_eq!(codes.instead_of(Status::Killed(Signal::TERM)), Some(0));
        assert_eq!(codes.instead_of(Status::Exited(3)), Some(143), "not 0: what is told is not read again");
        assert_eq!(codes.instead_of(Status::Exited(0)), None);
        assert_eq!(ExitCodes::default().instead_of(Status::Exited(143)), None);
    }
}
