//! One look at everything, by the strongest source that works here.
//!
//! A source that fails is tried again a bounded number of times, then a weaker one is used; what no source
//! tells is `None`. Nothing here ever ends a drain.
use super::connections::{Counters, Standing, TCP_SYN_RECV};
use super::diag::{Family, Name, Row, SockDiag, States};
use super::discovery::{self, Discovery, Listener};
use super::memory::Memory;
use super::sys;
use super::tcp_info::{TCP_INFO_MAX, TcpInfo};
use super::{counters, proc_net};
use procfs::net::TcpState;
use rustix::process::Pid;
use std::collections::{BTreeSet, HashSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;
use tracing::warn;

/// A source is given up after failing so often in a row.
const TRIES: u32 = 3;

/// A listener of the server, and our duplicate of it where we could get one.
#[derive(Debug, Clone)]
pub struct Watched {
    /// What was found.
    pub listener: Listener,
    /// The same socket, held by us.
    pub duplicate: Option<Arc<OwnedFd>>,
}

/// What one look showed. `None`: nothing here can tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// Connections in the accept queues.
    pub queue: Option<u32>,
    /// Handshakes in progress; once the gate is closed, only those that had begun before.
    pub half_open: Option<u32>,
    /// Connections with bytes that the server has not read.
    pub unread: Option<u32>,
    /// Connections whose client spoke last, or whose answer is not fully acknowledged.
    pub in_flight: Option<u32>,
    /// Young connections without a byte in either direction.
    pub silent: Option<u32>,
    /// Connections at rest.
    pub idle: Option<u32>,
}

/// Where looks come from, strongest first.
#[derive(Debug)]
enum Source {
    SockDiag(Box<SockDiag>),
    Proc { accept_queue: bool },
    Nothing,
}

/// Looks at the server's listeners and their connections.
#[derive(Debug)]
pub struct Observer {
    source: Source,
    failures: u32,
    watched: Vec<Watched>,
    memory: Memory,
    silent_grace: Duration,
    half_open_at_gate: Option<HashSet<SocketAddr>>,
    /// One of those that were unread or in flight at the last look.
    witness: Option<Name>,
}

impl Observer {
    /// Opens the strongest source; connections that never spoke count while younger than `silent_grace`.
    #[must_use]
    pub fn open(silent_grace: Duration) -> Self {
        let mut observer = Self {
            source: Source::Nothing,
            failures: 0,
            watched: Vec::new(),
            memory: Memory::default(),
            silent_grace,
            half_open_at_gate: None,
            witness: None,
        };
        match SockDiag::open().and_then(|mut diag| {
            // Opening succeeds where the kernel lacks tcp_diag; only asking tells.
            diag.dump(Family::V4, States::Listening, Some(1), |_| ()).map(|()| diag)
        }) {
            Ok(diag) => observer.source = Source::SockDiag(Box::new(diag)),
            Err(error) => observer.fall_back_to_proc(&error),
        }
        observer
    }

    /// The name of the source in use, for logs and the report.
    #[must_use]
    pub fn source(&self) -> &'static str {
        match self.source {
            Source::SockDiag(_) => "sock_diag",
            Source::Proc { accept_queue: true } => "/proc/net/tcp",
            Source::Proc { accept_queue: false } => "/proc/net/tcp without accept queues",
            Source::Nothing => "nothing",
        }
    }

    /// Finds the listeners of the descendants of `root` ([`discovery::discover`]).
    pub fn discover(&mut self, root: Pid, ports: &[u16]) -> Discovery {
        loop {
            let diag = match &mut self.source {
                Source::SockDiag(diag) => Some(&mut **diag),
                Source::Proc { .. } => None,
                Source::Nothing => return Discovery::default(),
            };
            match discovery::discover(diag, root, ports) {
                Ok(found) => return self.worked(found),
                Err(error) => self.failed(&error),
            }
        }
    }

    /// From now on looks are at these.
    pub fn watch(&mut self, watched: Vec<Watched>) {
        self.watched = watched;
    }

    /// What is being looked at.
    #[must_use]
    pub fn watched(&self) -> &[Watched] {
        &self.watched
    }

    /// From now on only those handshakes count that are in progress now: all later ones are late arrivals.
    pub fn gate_closed(&mut self) {
        let mut peers = HashSet::new();
        let result = self.connection_rows(|_, row| {
            if row.state() == TCP_SYN_RECV {
                peers.insert(row.peer());
            }
        });
        self.half_open_at_gate = result.is_ok().then_some(peers);
    }

    /// From now on every handshake in progress counts again.
    pub fn all_handshakes(&mut self) {
        self.half_open_at_gate = None;
    }

    /// The accept queues' length and limit, summed. About 1 µs for each listener that we hold a duplicate of.
    pub fn queue(&mut self) -> (Option<u32>, Option<u32>) {
        let mut sum = (Some(0), Some(0));
        for index in 0..self.watched.len() {
            let (length, limit) = self.queue_of(index);
            sum = (add(sum.0, length), add(sum.1, limit));
        }
        sum
    }

    /// The accept queue of one watched listener.
    pub fn queue_of(&mut self, index: usize) -> (Option<u32>, Option<u32>) {
        let Watched { listener, duplicate } = &self.watched[index];
        if let Some(held) = duplicate
            && let (Some(length), limit) = accept_queue(held)
        {
            return (Some(length), limit);
        }
        let (address, inode) = (listener.address, listener.inode);
        loop {
            let row = match &mut self.source {
                Source::SockDiag(diag) => diag.listener(address, inode),
                Source::Proc { accept_queue: true } => {
                    proc_net::entries(|row| row.state == TcpState::Listen && row.inode == inode)
                        .map(|rows| rows.first().map(|row| (row.rx_queue, None)))
                }
                Source::Proc { accept_queue: false } | Source::Nothing => return (None, None),
            };
            match row {
                Ok(Some((length, limit))) => return self.worked((Some(length), limit)),
                // A listener that is gone has no queue.
                Ok(None) => return self.worked((Some(0), None)),
                Err(error) => self.failed(&error),
            }
        }
    }

    /// Looks at everything. Walks the node's whole table of connections: 0.25 ms and up.
    ///
    /// The order matters: a connection only moves from handshake to queue to server, so that one look that
    /// shows none in rows and then none in the queues has missed none.
    pub fn look(&mut self) -> Look {
        if self.watched.is_empty() {
            return Look { queue: Some(0), ..Look::zero() };
        }
        let mut look = self.connections();
        let (queue, _) = self.queue();
        look.queue = match (look.queue, queue) {
            (Some(rows), Some(queue)) => Some(rows.max(queue)),
            (rows, queue) => queue.or(rows),
        };
        look
    }

    /// Whether a connection that was unread or in flight at the last look still is: then a look would not show that
    /// nothing is left, and this costs about 4 µs, however many connections the node has. `false`: only a look tells.
    pub fn still_in_flight(&mut self) -> bool {
        let (Some(name), Source::SockDiag(diag)) = (&self.witness, &mut self.source) else { return false };
        let standing = match diag.connection(name) {
            Ok(Some(row)) => self.memory.standing(row.cookie(), Counters::of(&row)),
            Ok(None) | Err(_) => None,
        };
        let still = matches!(standing, Some(Standing::Unread | Standing::InFlight));
        if !still {
            self.witness = None;
        }
        still
    }

    fn connections(&mut self) -> Look {
        loop {
            let mut look = Look::zero();
            let result = match self.source {
                Source::SockDiag(_) => self.by_counters(&mut look),
                Source::Proc { accept_queue } => self.by_proc(&mut look, accept_queue),
                Source::Nothing => return Look::default(),
            };
            match result {
                Ok(()) => return self.worked(look),
                Err(error) => self.failed(&error),
            }
        }
    }

    fn by_counters(&mut self, look: &mut Look) -> io::Result<()> {
        let mut memory = std::mem::take(&mut self.memory);
        let grace = self.silent_grace;
        let at_gate = self.half_open_at_gate.take();
        let mut witness = None;
        let result = self.connection_rows(|ours, row| {
            if ours {
                return;
            }
            let standing = memory.standing(row.cookie(), Counters::of(row));
            if matches!(standing, Some(Standing::Unread | Standing::InFlight)) {
                witness = Some(row.name());
            }
            match standing {
                Some(Standing::HalfOpen)
                    if at_gate.as_ref().is_some_and(|known| !known.contains(&row.peer())) => {}
                Some(Standing::HalfOpen) => count(&mut look.half_open),
                Some(Standing::Queued) => count(&mut look.queue),
                Some(Standing::Unread) => count(&mut look.unread),
                Some(Standing::InFlight) => count(&mut look.in_flight),
                Some(Standing::Silent(age)) if age < grace => count(&mut look.silent),
                Some(Standing::Silent(_) | Standing::Idle) => count(&mut look.idle),
                Some(Standing::Over) => {}
                None => (look.in_flight, look.silent, look.idle) = (None, None, None),
            }
        });
        if result.is_ok() {
            memory.end_of_look();
        }
        self.memory = memory;
        self.half_open_at_gate = at_gate;
        self.witness = witness;
        result
    }

    /// Without TCP_INFO only the queues of bytes tell: unread is known, in flight is not. Where not even they are
    /// real, no zero is believed.
    fn by_proc(&mut self, look: &mut Look, queues_are_real: bool) -> io::Result<()> {
        if !queues_are_real {
            *look = Look::default();
            return Ok(());
        }
        let watched = &self.watched;
        let rows =
            proc_net::entries(|row| watched.iter().any(|w| is_at(w.listener.address, row.local_address)))?;
        for row in rows {
            match row.state {
                TcpState::SynRecv | TcpState::NewSynRecv => count(&mut look.half_open),
                TcpState::Established if row.inode != 0 && row.rx_queue > 0 => count(&mut look.unread),
                // The client's FIN counts as a byte.
                TcpState::CloseWait if row.inode != 0 && row.rx_queue > 1 => count(&mut look.unread),
                _ => {}
            }
        }
        (look.in_flight, look.silent, look.idle) = (None, None, None);
        Ok(())
    }

    /// Calls `each` with the connections of the watched listeners, and whether they are late arrivals of ours.
    fn connection_rows(&mut self, mut each: impl FnMut(bool, &Row)) -> io::Result<()> {
        let Source::SockDiag(diag) = &mut self.source else { return Err(io::ErrorKind::Unsupported.into()) };
        let ports: BTreeSet<u16> =
            self.watched.iter().map(|watched| watched.listener.address.port()).collect();
        for port in ports {
            let at_port: Vec<SocketAddr> = self
                .watched
                .iter()
                .map(|w| w.listener.address)
                .filter(|address| address.port() == port)
                .collect();
            for family in Family::BOTH {
                let has = at_port.iter().any(|address| Family::of(*address) == family);
                // A dual-stack socket's IPv4 handshakes are rows of AF_INET until they are complete.
                if !has && family == Family::V6 {
                    continue;
                }
                diag.dump(family, States::Connections, Some(port), |row| {
                    let here = at_port.iter().any(|address| is_at(*address, row.local()));
                    if here && (has || row.state() == TCP_SYN_RECV) {
                        each(row.multicast_loop() == Some(false), &row);
                    }
                })?;
            }
        }
        Ok(())
    }

    /// Connections completed in this network namespace so far ([`counters::passive_opens`]).
    #[must_use]
    pub fn arrivals(&self) -> Option<u64> {
        counters::passive_opens().ok()
    }

    fn worked<T>(&mut self, seen: T) -> T {
        self.failures = 0;
        seen
    }

    fn failed(&mut self, error: &io::Error) {
        self.failures += 1;
        match &self.source {
            Source::SockDiag(_) if self.failures < TRIES => {
                if let Ok(diag) = SockDiag::open() {
                    self.source = Source::SockDiag(Box::new(diag));
                }
            }
            Source::SockDiag(_) => self.fall_back_to_proc(error),
            _ if self.failures < TRIES => {}
            _ => {
                warn!(%error, "nothing here shows the server's connections; the drain goes on without looking");
                self.source = Source::Nothing;
            }
        }
    }

    fn fall_back_to_proc(&mut self, error: &io::Error) {
        self.failures = 0;
        let accept_queue = match proc_net::shows_accept_queue() {
            Ok(shown) => shown,
            Err(proc_error) => {
                warn!(sock_diag = %error, proc = %proc_error, "neither sock_diag nor /proc/net/tcp can be read; the drain goes on without looking");
                self.source = Source::Nothing;
                return;
            }
        };
        self.source = Source::Proc { accept_queue };
        let source = self.source();
        warn!(%error, "sock_diag is refused here; using {source}: what is in flight cannot be seen");
    }
}

impl Look {
    fn zero() -> Self {
        let zero = Some(0);
        Self { queue: zero, half_open: zero, unread: zero, in_flight: zero, silent: zero, idle: zero }
    }
}

/// The accept queue's length and limit of a listener that we hold, in about 1 µs.
#[must_use]
pub fn accept_queue(listener: &OwnedFd) -> (Option<u32>, Option<u32>) {
    let mut buffer = [0; TCP_INFO_MAX];
    match sys::tcp_info(listener, &mut buffer) {
        Ok(bytes) => (TcpInfo(bytes).accept_queue(), TcpInfo(bytes).accept_queue_limit()),
        Err(_) => (None, None),
    }
}

/// Whether a connection with this local address belongs to a listener at `listener`.
fn is_at(listener: SocketAddr, local: SocketAddr) -> bool {
    let same = |ip: IpAddr| ip.to_canonical() == listener.ip().to_canonical();
    local.port() == listener.port() && (listener.ip().is_unspecified() || same(local.ip()))
}

fn count(counter: &mut Option<u32>) {
    *counter = counter.map(|count| count.saturating_add(1));
}

fn add(sum: Option<u32>, more: Option<u32>) -> Option<u32> {
    Some(sum?.saturating_add(more?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    /// gVisor: /proc shows 0 for every queue.
    #[test]
    fn where_proc_s_queues_are_not_real_a_look_knows_nothing_rather_than_zero() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let _queued = TcpStream::connect(server.local_addr().unwrap()).unwrap();
        let mut observer = Observer::open(Duration::ZERO);
        observer.source = Source::Proc { accept_queue: false };
        let held = OwnedFd::from(server);
        observer.watch(vec![Watched { listener: Listener::of(&held).unwrap(), duplicate: None }]);
        assert_eq!(observer.look(), Look::default());
        assert_eq!(observer.queue(), (None, None));
    }

    #[test]
    fn a_source_is_given_up_only_after_failures_in_a_row() {
        let refused = io::Error::from(io::ErrorKind::TimedOut);
        let mut observer = Observer::open(Duration::ZERO);
        observer.watch(vec![Watched {
            listener: Listener::of(&TcpListener::bind("127.0.0.1:0").unwrap().into()).unwrap(),
            duplicate: None,
        }]);
        for _ in 0..10 {
            observer.failed(&refused);
            observer.failed(&refused);
            observer.look();
        }
        assert_eq!(observer.source(), "sock_diag");
        (0..TRIES).for_each(|_| observer.failed(&refused));
        assert_eq!(observer.source(), "/proc/net/tcp");
        (0..TRIES).for_each(|_| observer.failed(&refused));
        assert_eq!(observer.source(), "nothing");
    }
}
