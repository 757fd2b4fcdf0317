//! One look at everything, by the strongest source that works here.
//!
//! What no source tells is `None`. Nothing here ever ends a drain.
use super::connections::{Counters, Standing, TCP_SYN_RECV};
use super::diag::{INTERRUPTED_TRIES, Row, SockDiag};
use super::discovery::{self, Discovery};
use super::look::Look;
use super::memory::Memory;
use super::roll::{Called, Roll};
use super::source::Source;
use super::unix::{Connections, Unix};
use super::watched::{Watched, accept_queue, connections};
use super::{Whose, counters, proc_net};
use procfs::net::TcpState;
use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// Says what a connection is to be counted as, which by its counters alone would be the given standing.
pub type Judge<'a> = &'a mut dyn FnMut(&Row, Counters, Option<Standing>) -> Option<Standing>;

/// Looks at the server's listeners and their connections.
#[derive(Debug)]
pub struct Observer {
    source: Source,
    unix: Unix,
    watched: Vec<Watched>,
    memory: Memory,
    unix_connections: Connections,
    silent_grace: Duration,
    half_open_at_gate: Option<HashSet<SocketAddr>>,
    /// Nobody new can come.
    gate_is_closed: bool,
    /// Who was there at the last look, when nobody new could come and nobody was on the way.
    roll: Option<Roll>,
}

impl Observer {
    /// Opens the strongest source; connections that never spoke count while younger than `silent_grace`.
    #[must_use]
    pub fn open(silent_grace: Duration) -> Self {
        Self {
            source: Source::open(),
            unix: Unix::default(),
            watched: Vec::new(),
            memory: Memory::default(),
            unix_connections: Connections::default(),
            silent_grace,
            half_open_at_gate: None,
            gate_is_closed: false,
            roll: None,
        }
    }

    /// The name of the source in use, for logs and the report.
    #[must_use]
    pub fn source(&self) -> &'static str {
        self.source.name()
    }

    /// Finds the listeners of a server ([`discovery::discover`]).
    pub fn discover(&mut self, whose: Whose, ports: &[u16]) -> Discovery {
        let found = self.source.ask(
            |diag| discovery::discover(Some(diag), whose, ports),
            |_| discovery::discover(None, whose, ports),
        );
        found.unwrap_or_default()
    }

    /// The inodes of every listening TCP socket ([`discovery::table`]); `None` where they cannot be seen.
    pub fn table(&mut self) -> Option<HashSet<u64>> {
        self.source.ask(|diag| discovery::table(Some(diag)), |_| discovery::table(None))
    }

    /// From now on looks are at these.
    pub fn watch(&mut self, watched: Vec<Watched>) {
        self.unix_connections.watch(&mut self.unix, &watched);
        self.watched = watched;
        self.roll = None;
    }

    /// What is being looked at.
    #[must_use]
    pub fn watched(&self) -> &[Watched] {
        &self.watched
    }

    /// From now on only those handshakes count that are in progress now: all later ones are late arrivals. Where
    /// handshakes have no rows of their own to tell them by, all go on counting.
    pub fn gate_closed(&mut self) {
        let handshakes = |diag: &mut SockDiag| {
            let mut peers = HashSet::new();
            // One that is missed here, as one that is shown twice, does no harm: it is waited for a little, or not.
            connections(diag, &self.watched, |_, row| {
                if row.state() == TCP_SYN_RECV {
                    peers.insert(row.peer());
                }
            })?;
            Ok(Some(peers))
        };
        self.half_open_at_gate = self.source.ask(handshakes, |_| Ok(None)).flatten();
        self.gate_is_closed = true;
    }

    /// Somebody may have come past the gate: who was there at the last look are not all.
    pub fn somebody_joined(&mut self) {
        self.roll = None;
    }

    /// There is no gate, or none any more: everybody who comes is the server's again.
    pub fn gate_opened(&mut self) {
        (self.gate_is_closed, self.half_open_at_gate, self.roll) = (false, None, None);
    }

    /// The accept queues' length and limit, summed. About 1 µs for each listener that we hold a duplicate of.
    pub fn queue(&mut self) -> (Option<u32>, Option<u32>) {
        let add = |sum: Option<u32>, more: Option<u32>| Some(sum?.saturating_add(more?));
        (0..self.watched.len()).fold((Some(0), Some(0)), |sum, index| {
            let (length, limit) = self.queue_of(index);
            (add(sum.0, length), add(sum.1, limit))
        })
    }

    /// The accept queue of one watched listener; one that is gone has none.
    pub fn queue_of(&mut self, index: usize) -> (Option<u32>, Option<u32>) {
        let Watched { listener, duplicate } = &self.watched[index];
        let Some(address) = listener.address.tcp() else {
            return self.unix.queue(listener.inode, duplicate.as_deref());
        };
        if let Some(held) = duplicate
            && let (Some(length), limit) = accept_queue(held)
        {
            return (Some(length), limit);
        }
        let by_diag = |diag: &mut SockDiag| {
            let row = diag.listener(address, listener.inode)?;
            Ok(row.map_or((Some(0), None), |(length, limit)| (Some(length), limit)))
        };
        let by_proc = |real: bool| {
            if !real {
                return Ok((None, None));
            }
            let rows = proc_net::entries(|row| row.state == TcpState::Listen && row.inode == listener.inode)?;
            Ok((Some(rows.first().map_or(0, |row| row.rx_queue)), None))
        };
        self.source.ask(by_diag, by_proc).unwrap_or_default()
    }

    /// Looks at everything. Walks the node's whole table of connections: 0.25 ms and up.
    ///
    /// The order matters: a connection only moves from handshake to queue to server, so that one look that
    /// shows none in rows and then none in the queues has missed none.
    pub fn look(&mut self) -> Look {
        self.look_with(&mut |_, _, standing| standing)
    }

    /// The same; `judge` is shown each connection, may be shown one again, and says what it is to be counted as.
    pub fn look_with(&mut self, judge: Judge) -> Look {
        if self.watched.is_empty() {
            return Look::at_nobody();
        }
        // Who leaves a unix queue after this is among the accepted below; nobody who is queued is.
        let queued_before = self.unix_connections.are_watched().then(|| self.queue().0).flatten();
        let Self { source, unix, unix_connections, watched, memory, silent_grace, half_open_at_gate, .. } =
            self;
        let mut roll = Roll::default();
        let by_diag = |diag: &mut SockDiag| {
            let mut tries = 0..INTERRUPTED_TRIES;
            loop {
                roll = Roll::default();
                let mut look = Look::at_nobody();
                let whole = connections(diag, watched, |late, row| {
                    if late {
                        return;
                    }
                    let counters = Counters::of(row);
                    let standing = judge(row, counters, memory.standing(row.cookie(), counters));
                    roll.enter(row, standing);
                    let came_late =
                        half_open_at_gate.as_ref().is_some_and(|known| !known.contains(&row.peer()));
                    if standing != Some(Standing::HalfOpen) || !came_late {
                        look.count(standing, *silent_grace);
                    }
                })?;
                if whole || tries.next().is_none() {
                    memory.end_of_look();
                    return Ok(look);
                }
            }
        };
        let mut look = source.ask(by_diag, |real| by_proc(watched, real)).unwrap_or_default();
        let unix_open = unix_connections.count(unix, *silent_grace, &mut look);
        let queue = self.queue().0.max(queued_before);
        look.queue = match (look.queue, queue) {
            (Some(rows), Some(queue)) => Some(rows.max(queue)),
            (rows, queue) => queue.or(rows),
        };
        // The roll knows TCP connections only.
        let nobody_new =
            self.gate_is_closed && unix_open == Some(0) && (look.queue, look.half_open) == (Some(0), Some(0));
        self.roll = nobody_new.then_some(roll);
        look
    }

    /// Asks for those one by one whom the last look showed, where nobody can have joined them since.
    pub fn call_roll(&mut self) -> Called {
        self.call_roll_with(&mut |_, _, standing| standing)
    }

    /// The same; `judge` says what each is to be counted as.
    pub fn call_roll_with(&mut self, judge: Judge) -> Called {
        match &mut self.roll {
            Some(roll) => roll.call(&mut self.source, &mut self.memory, self.silent_grace, judge),
            None => Called::Unknown,
        }
    }

    /// Connections completed in this network namespace so far ([`counters::passive_opens`]).
    #[must_use]
    pub fn arrivals(&self) -> Option<u64> {
        counters::passive_opens().ok()
    }
}

/// Without TCP_INFO only the queues of bytes tell: unread is known, in flight is not. Where not even they are real, no
/// zero is believed.
fn by_proc(watched: &[Watched], queues_are_real: bool) -> io::Result<Look> {
    if !queues_are_real {
        return Ok(Look::default());
    }
    let mut look = Look::at_nobody();
    for row in proc_net::entries(|row| watched.iter().any(|watched| watched.has(row.local_address)))? {
        let accepted = row.inode != 0;
        match row.state {
            TcpState::SynRecv | TcpState::NewSynRecv => look.count(Some(Standing::HalfOpen), Duration::ZERO),
            TcpState::Established if accepted && row.rx_queue > 0 => {
                look.count(Some(Standing::Unread), Duration::ZERO);
            }
            // The client's FIN counts as a byte.
            TcpState::CloseWait if accepted && row.rx_queue > 1 => {
                look.count(Some(Standing::Unread), Duration::ZERO);
            }
            _ => {}
        }
    }
    look.connections_are_unknown();
    Ok(look)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sockets::Listener;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::OwnedFd;

    /// gVisor: /proc shows 0 for every queue.
    #[test]
    fn where_proc_s_queues_are_not_real_a_look_knows_nothing_rather_than_zero() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let _queued = TcpStream::connect(server.local_addr().unwrap()).unwrap();
        let mut observer = Observer::open(Duration::ZERO);
        observer.source = Source::with_unreal_queues();
        let held = OwnedFd::from(server);
        observer.watch(vec![Watched { listener: Listener::of(&held).unwrap(), duplicate: None }]);
        assert_eq!(observer.look(), Look::default());
        assert_eq!(observer.queue(), (None, None));
    }
}
