//! Where looks come from: sock_diag, else /proc/net/tcp, else nothing.
use super::diag::{Family, SockDiag};
use super::proc_net;
use std::io;
use tracing::warn;

/// A source is given up after failing so often in a row.
const TRIES: u32 = 3;

/// The strongest source that works.
#[derive(Debug)]
pub struct Source {
    kind: Kind,
    failures: u32,
}

#[derive(Debug)]
enum Kind {
    SockDiag(Box<SockDiag>),
    /// Whether its queues are real: in gVisor they are not.
    Proc {
        real: bool,
    },
    Nothing,
}

/// What is asked.
#[derive(Debug)]
pub enum Way<'a> {
    /// The kernel's table.
    SockDiag(&'a mut SockDiag),
    /// /proc/net/tcp.
    Proc {
        /// In gVisor they are not.
        queues_are_real: bool,
    },
}

impl Source {
    /// Opens the strongest one.
    #[must_use]
    pub fn open() -> Self {
        let mut source = Self { kind: Kind::Nothing, failures: 0 };
        // Opening succeeds where the kernel lacks tcp_diag; only asking tells.
        let asked = SockDiag::open().and_then(|mut diag| diag.listening(Family::V4, Some(1)).map(|_| diag));
        match asked {
            Ok(diag) => source.kind = Kind::SockDiag(Box::new(diag)),
            Err(error) => source.fall_back_to_proc(&error),
        }
        source
    }

    /// Its name, for logs and the report.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.kind {
            Kind::SockDiag(_) => "sock_diag",
            Kind::Proc { real: true } => "/proc/net/tcp",
            Kind::Proc { real: false } => "/proc/net/tcp without queues",
            Kind::Nothing => "nothing",
        }
    }

    /// Whether those who are queued are among the connections that it shows, and told from late arrivals.
    #[must_use]
    pub fn shows_who_is_queued(&self) -> bool {
        matches!(self.kind, Kind::SockDiag(_))
    }

    /// As [`Self::ask_by`]: `diag`, or `proc` with whether its queues are real.
    pub fn ask<T>(
        &mut self,
        mut diag: impl FnMut(&mut SockDiag) -> io::Result<T>,
        mut proc: impl FnMut(bool) -> io::Result<T>,
    ) -> Option<T> {
        self.ask_by(|way| match way {
            Way::SockDiag(open) => diag(open),
            Way::Proc { queues_are_real } => proc(queues_are_real),
        })
    }

    /// Asks it. One that fails is asked again a bounded number of times, then the next weaker one is. `None`: there is none
    /// left.
    pub fn ask_by<T>(&mut self, mut by: impl FnMut(Way) -> io::Result<T>) -> Option<T> {
        loop {
            let answer = match &mut self.kind {
                Kind::SockDiag(open) => by(Way::SockDiag(open)),
                Kind::Proc { real } => by(Way::Proc { queues_are_real: *real }),
                Kind::Nothing => return None,
            };
            match answer {
                Ok(answer) => {
                    self.failures = 0;
                    return Some(answer);
                }
                Err(error) => self.failed(&error),
            }
        }
    }

    fn failed(&mut self, error: &io::Error) {
        self.failures += 1;
        match &self.kind {
            Kind::SockDiag(_) if self.failures < TRIES => {
                if let Ok(diag) = SockDiag::open() {
                    self.kind = Kind::SockDiag(Box::new(diag));
                }
            }
            Kind::SockDiag(_) => self.fall_back_to_proc(error),
            _ if self.failures < TRIES => {}
            _ => {
                warn!(%error, "nothing here shows the server's connections; the drain goes on without looking");
                self.kind = Kind::Nothing;
            }
        }
    }

    fn fall_back_to_proc(&mut self, error: &io::Error) {
        self.failures = 0;
        match proc_net::shows_accept_queue() {
            Ok(real) => {
                self.kind = Kind::Proc { real };
                let source = self.name();
                warn!(%error, "sock_diag is refused here; using {source}: what is in flight is seen as far as the server's connections can be duplicated");
            }
            Err(proc) => {
                warn!(sock_diag = %error, %proc, "nothing here shows the server's connections; the drain goes on without looking");
                self.kind = Kind::Nothing;
            }
        }
    }
}

#[cfg(test)]
impl Source {
    /// gVisor's /proc: it shows 0 for every queue.
    pub(super) fn with_unreal_queues() -> Self {
        Self { kind: Kind::Proc { real: false }, failures: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuse<T>() -> io::Result<T> {
        Err(io::ErrorKind::TimedOut.into())
    }

    #[test]
    fn a_source_is_given_up_only_after_failures_in_a_row() {
        let mut source = Source::open();
        for _ in 0..10 {
            let mut refusals = TRIES - 1;
            let answer = source.ask(
                |_| {
                    refusals = refusals.saturating_sub(1);
                    if refusals == 0 { Ok("asked again") } else { refuse() }
                },
                |_| Ok("given up"),
            );
            assert_eq!((answer, source.name()), (Some("asked again"), "sock_diag"));
        }
    }

    #[test]
    fn after_sock_diag_comes_proc_and_then_nothing() {
        let mut source = Source::open();
        assert_eq!(source.ask(|_| refuse(), Ok), Some(true));
        assert_eq!(source.name(), "/proc/net/tcp");
        assert_eq!(source.ask(|_| Ok(()), |_| refuse()), None);
        assert_eq!(source.name(), "nothing");
    }
}
