//! Whether a request can be kept unread on an open connection, tried on one of our own.
use super::finding::Finding;
use crate::sockets::mark::{self, Raise};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, Instant};

/// A byte of loopback has come by then.
const COMES_WITHIN: Duration = Duration::from_secs(2);

/// Raises the mark of a connection, sees that a byte wakes nobody, and lowers it again.
pub fn mark() -> Finding {
    const SUBJECT: &str = "park";
    const ADVICE: &str = "permit getsockopt TCP_INFO and setsockopt SO_RCVLOWAT in the seccomp profile";
    match kept_unread() {
        Ok(true) => {
            Finding::ok(SUBJECT, "a byte under the mark stayed unread and woke nobody until it was lowered")
        }
        Ok(false) => Finding::missing(SUBJECT, "a byte under the mark woke its reader", ADVICE),
        Err(error) => Finding::missing(SUBJECT, format!("a connection of ours: {error}"), ADVICE),
    }
}

fn kept_unread() -> io::Result<bool> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    let server = listener.accept()?.0;
    server.set_nonblocking(true)?;
    let server = OwnedFd::from(server);
    if mark::raise(&server, 0)? != Raise::Up {
        return Ok(false);
    }
    client.write_all(b"?")?;
    let begin = Instant::now();
    while mark::unread(&server)? == 0 && begin.elapsed() < COMES_WITHIN {
        thread::sleep(Duration::from_millis(1));
    }
    let asleep = !wakes(&server)?;
    mark::lower(&server)?;
    Ok(asleep && wakes(&server)?)
}

fn wakes(socket: &OwnedFd) -> io::Result<bool> {
    Ok(poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(&Timespec::default()))? == 1)
}
