//! Connections to a listener of lameduck's own that is always open: a sidecar's. The kubelet probes it once a second, and whoever counts
//! arrivals in the network namespace has to leave those out.
use super::watched::accept_queue;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};

/// A listener of lameduck's own, and how many have been accepted from it.
#[derive(Debug)]
pub struct OwnCalls {
    listener: OwnedFd,
    accepted: AtomicU64,
}

impl OwnCalls {
    /// Of this listener, from which nobody was accepted yet.
    #[must_use]
    pub fn of(listener: OwnedFd) -> Self {
        Self { listener, accepted: AtomicU64::new(0) }
    }

    /// One was accepted.
    pub fn count(&self) {
        self.accepted.fetch_add(1, Ordering::SeqCst);
    }

    /// All that were completed since it listens. Its queue first: one who leaves it in between counts twice, not never.
    #[must_use]
    pub fn completed(&self) -> u64 {
        let queued = accept_queue(&self.listener).0.unwrap_or(0);
        self.accepted.load(Ordering::SeqCst) + u64::from(queued)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn who_is_queued_and_who_was_accepted_has_come() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let calls = OwnCalls::of(listener.try_clone().unwrap().into());
        let clients = [(); 2].map(|()| TcpStream::connect(listener.local_addr().unwrap()).unwrap());
        assert_eq!(calls.completed(), 2);
        let accepted = listener.accept().unwrap();
        calls.count();
        assert_eq!(calls.completed(), 2);
        drop((clients, accepted));
        assert_eq!(calls.completed(), 2, "who has gone had come");
    }
}
