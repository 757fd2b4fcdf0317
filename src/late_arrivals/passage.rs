//! The way past the gate to the server itself, for those whom nobody but the server can answer: clients of TLS.
//!
//! What a listener speaks is told by the first late arrival that speaks. Whoever comes before that is *waited for*, and
//! behind TLS everybody: they have to be passed on while the server is still there for them.
use super::accepting::{Next, RETRY, after};
use rustix::io::Errno;
use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tracing::debug;

/// A server whose queue is full drops the handshake, and the kernel tries again after 1 s, 3 s and 7 s (RFC 6298). No
/// longer than clients wait for the server's part of TLS: Go's net/http does so for 10 s (`TLSHandshakeTimeout`).
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// What a listener speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speech {
    /// What can be answered without the server.
    Plain,
    Tls,
}

/// How many a passage has had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Late arrivals that may have to be passed on, and are not the server's yet.
    pub waited_for: u64,
    /// Those that were passed on so far: the server's connections.
    pub passed_on: u64,
}

/// The passage of one listener.
#[derive(Debug)]
pub struct Passage {
    to: SocketAddr,
    class: u8,
    speech: OnceLock<Speech>,
    is_closed: AtomicBool,
    visits: AtomicU64,
    passed_on: AtomicU64,
    /// Our own ends of the connections to the server: one that comes to us has missed it.
    ours: Mutex<HashSet<SocketAddr>>,
}

impl Passage {
    /// Connections from the address of `to` to `to`, of this IP traffic class, come to the server.
    #[must_use]
    pub fn new(to: SocketAddr, class: u8) -> Self {
        Self {
            to,
            class,
            speech: OnceLock::new(),
            is_closed: AtomicBool::new(false),
            visits: AtomicU64::new(0),
            passed_on: AtomicU64::new(0),
            ours: Mutex::default(),
        }
    }

    /// Where its connections go.
    #[must_use]
    pub fn to(&self) -> SocketAddr {
        self.to
    }

    /// The server is about to be told to stop: nobody more is passed on.
    pub fn close(&self) {
        self.is_closed.store(true, SeqCst);
    }

    /// Whether the listener speaks TLS, as far as that is known.
    #[must_use]
    pub fn speaks_tls(&self) -> bool {
        self.speech.get() == Some(&Speech::Tls)
    }

    /// Whether the listener speaks TLS, or nobody has said anything yet.
    #[must_use]
    pub fn may_speak_tls(&self) -> bool {
        self.speech.get() != Some(&Speech::Plain)
    }

    /// Whether those who come may have to be passed on.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        !self.is_closed.load(SeqCst) && self.may_speak_tls()
    }

    /// How many it has had. Who is not among those waited for here is among those passed on.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        let waited_for = if self.is_needed() { self.visits.load(SeqCst) } else { 0 };
        Traffic { waited_for, passed_on: self.passed_on.load(SeqCst) }
    }

    /// One more has come, before it leaves its queue, so that it is at no time in neither.
    pub(super) fn visit(self: &Arc<Self>) -> Visit {
        self.visits.fetch_add(1, SeqCst);
        Visit { passage: Arc::clone(self), is_waited_for: true }
    }

    async fn connect(self: &Arc<Self>) -> io::Result<Passing> {
        let (socket, own) = loop {
            match self.socket() {
                Ok(bound) => break bound,
                // Descriptors or ports: others end.
                Err(error) if Errno::from_io_error(&error).map(after) == Some(Next::Later) => {
                    sleep(RETRY).await;
                }
                Err(error) => return Err(error),
            }
        };
        let own = Own { passage: Arc::clone(self), end: own };
        self.ours().insert(own.end);
        let stream = socket.connect(self.to).await?;
        // Pieces are passed on as they come. It cannot fail on a connection.
        let _ = stream.set_nodelay(true);
        Ok(Passing { stream, _own: own })
    }

    fn socket(&self) -> io::Result<(TcpSocket, SocketAddr)> {
        let socket = if self.to.is_ipv4() {
            let socket = TcpSocket::new_v4()?;
            socket.set_tos_v4(self.class.into())?;
            socket
        } else {
            let socket = TcpSocket::new_v6()?;
            socket.set_tclass_v6(self.class.into())?;
            socket
        };
        let mut from = self.to;
        from.set_port(0);
        socket.bind(from)?;
        let own = socket.local_addr()?;
        Ok((socket, own))
    }

    fn ours(&self) -> MutexGuard<'_, HashSet<SocketAddr>> {
        self.ours.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A late arrival at the passage; waited for until it is clear that it has no need of it, or is the server's.
#[derive(Debug)]
pub struct Visit {
    passage: Arc<Passage>,
    is_waited_for: bool,
}

impl Visit {
    /// Whether it is a connection of ours, which has missed the server.
    pub fn is_ours(&self, peer: SocketAddr) -> bool {
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        self.passage.ours().contains(&peer)
    }

    /// What it has said so far is no TLS.
    pub fn needs_nobody(&mut self) {
        if std::mem::take(&mut self.is_waited_for) {
            self.passage.visits.fetch_sub(1, SeqCst);
        }
    }

    /// It speaks what can be answered here.
    pub fn speaks_plainly(self) {
        let _ = self.passage.speech.set(Speech::Plain);
    }

    /// It speaks TLS: gives a connection to the server; `None`: the server has been told to stop or cannot be reached, or
    /// the listener is known to speak something else.
    pub async fn pass(self) -> Option<Passing> {
        if *self.passage.speech.get_or_init(|| Speech::Tls) != Speech::Tls
            || self.passage.is_closed.load(SeqCst)
        {
            return None;
        }
        let connected = timeout(CONNECT_WITHIN, self.passage.connect()).await;
        match connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(passing) => {
                // Before it is waited for no more: it is at no time in neither count.
                self.passage.passed_on.fetch_add(1, SeqCst);
                Some(passing)
            }
            Err(error) => {
                debug!(%error, server = %self.passage.to, "cannot pass a client of TLS on to the server");
                None
            }
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.needs_nobody();
    }
}

/// A connection to the server in a client's place.
#[derive(Debug)]
pub struct Passing {
    /// The connection.
    pub stream: TcpStream,
    _own: Own,
}

#[derive(Debug)]
struct Own {
    passage: Arc<Passage>,
    end: SocketAddr,
}

impl Drop for Own {
    fn drop(&mut self) {
        self.passage.ours().remove(&self.end);
    }
}
