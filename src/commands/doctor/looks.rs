//! What can be seen: a queue, an open connection, a unix socket, each made for the purpose.
use super::finding::Finding;
use crate::sockets::diag::SockDiag;
use crate::sockets::{Listener, Look, Observer, Watched};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::thread;
use std::time::{Duration, Instant};

const MODULES: &str = "load the kernel's modules inet_diag, tcp_diag and unix_diag on the node; permit AF_NETLINK, \
                       protocol 4 (SELinux: container-selinux 2.242)";

/// Loopback is asked for so long at most until what was sent has come.
const COMES_WITHIN: Duration = Duration::from_secs(2);

/// What is seen of TCP: of a connection that waits, and of one that has been accepted.
pub fn tcp() -> [Finding; 2] {
    const QUEUE: &str = "accept queue";
    const OPEN: &str = "open connections";
    match looked() {
        Ok(seen) => {
            let Seen { source, waiting, unread, read } = seen;
            let queue = match waiting.queue {
                Some(1) if source == "sock_diag" => Finding::ok(QUEUE, "sock_diag shows who waits in it"),
                Some(1) => {
                    Finding::weaker(QUEUE, format!("sock_diag is refused, {source} shows it"), MODULES)
                }
                _ => Finding::missing(QUEUE, format!("{source} does not show who waits in it"), MODULES),
            };
            let open = match (unread.unread, read.in_flight) {
                (Some(1), Some(1)) => Finding::ok(OPEN, "TCP_INFO tells unread, in flight and idle apart"),
                (Some(1), _) => Finding::weaker(
                    OPEN,
                    format!("{source} shows what is unread; what is in flight is told by duplicates alone"),
                    MODULES,
                ),
                _ => Finding::missing(OPEN, format!("{source} does not show what is unread"), MODULES),
            };
            [queue, open]
        }
        Err(error) => {
            let seen = format!("cannot be tried on loopback: {error}");
            let advice = "bring the loopback interface up (ip link set lo up)";
            [Finding::missing(QUEUE, &*seen, advice), Finding::missing(OPEN, seen, advice)]
        }
    }
}

struct Seen {
    source: &'static str,
    waiting: Look,
    unread: Look,
    read: Look,
}

fn looked() -> io::Result<Seen> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    client.write_all(b"?")?;
    let held = OwnedFd::from(listener.try_clone()?);
    // As a drain looks where it could not get a duplicate.
    let mut observer = Observer::open(COMES_WITHIN);
    observer.watch(vec![Watched { listener: Listener::of(&held)?, duplicate: None }]);
    let waiting = observer.look();
    let mut server = listener.accept()?.0;
    let unread = until(|| observer.look(), |look| look.unread == Some(1));
    server.read_exact(&mut [0])?;
    let read = until(|| observer.look(), |look| look.in_flight == Some(1));
    Ok(Seen { source: observer.source(), waiting, unread, read })
}

/// Looks until it is so, or for long enough; gives the last look.
fn until(mut look: impl FnMut() -> Look, is_so: impl Fn(&Look) -> bool) -> Look {
    let begin = Instant::now();
    loop {
        let seen = look();
        if is_so(&seen) || begin.elapsed() > COMES_WITHIN {
            return seen;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// What is seen of unix sockets: the queue of one of ours, of an abstract name.
pub fn unix() -> Finding {
    const SUBJECT: &str = "unix sockets";
    let shown = || -> io::Result<bool> {
        let name = format!("lameduck doctor {}", std::process::id());
        let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(name)?)?;
        let _client = UnixStream::connect_addr(&listener.local_addr()?)?;
        let inode = rustix::fs::fstat(&listener)?.st_ino;
        let row = SockDiag::open()?.unix_socket(inode)?;
        Ok(row.and_then(|row| row.queues()).is_some_and(|(length, _)| length == 1))
    };
    match shown() {
        Ok(true) => Finding::ok(SUBJECT, "unix_diag shows who waits at one"),
        Ok(false) => Finding::weaker(SUBJECT, "unix_diag does not show who waits at one", MODULES),
        Err(error) => {
            let seen = format!("unix_diag is refused ({error}): whether somebody waits is seen by poll(2)");
            Finding::weaker(SUBJECT, seen, MODULES)
        }
    }
}
