//! A worker: one request at a time, until told to stop.
use super::connection::{Connection, Standing};
use crate::cli::Work;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::collections::VecDeque;
use std::io;
use std::net::TcpListener;
use std::os::fd::AsFd;

/// How often a worker with nothing to do looks whether its master is still there.
const LOOK: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
/// For a look that does not wait.
const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
/// The most connections that a worker keeps; further ones stay in the queue. Below the usual limit of 1024 files.
const MOST: usize = 512;

/// Serves the listener that is the standard input, until TERM or the end of the process `master`.
///
/// # Errors
/// When the standard input is no listener.
pub fn serve(master: i32, work: Work) -> io::Result<()> {
    let stop: SigSet = [Signal::SIGTERM].into_iter().collect();
    stop.thread_block()?;
    let told = SignalFd::with_flags(&stop, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    let listener = TcpListener::from(io::stdin().as_fd().try_clone_to_owned()?);

    let mut open = VecDeque::new();
    let mut whose = Turn::New;
    loop {
        let somebody_new = look(&told, &listener, &mut open)?;
        if told.read_signal()?.is_some() || nix::unistd::getppid().as_raw() != master {
            return Ok(());
        }
        whose = turn(whose, somebody_new.then_some(&listener), &mut open, work)?;
    }
}

/// Who is next when both are there: somebody who has had no answer yet, or somebody whose connection was kept. They
/// alternate, so that neither keeps the other waiting, however many they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    New,
    KeptAlive,
}

/// Waits until there is something to do, and reads from the open connections: whether somebody is to be accepted.
fn look(told: &SignalFd, listener: &TcpListener, open: &mut VecDeque<Connection>) -> io::Result<bool> {
    let wait = if open.iter().any(Connection::is_ready) { AT_ONCE } else { LOOK };
    let full = open.len() >= MOST;
    let accepting = if full { PollFlags::empty() } else { PollFlags::IN };
    let mut ready: Vec<PollFd<'_>> = [PollFd::new(told, PollFlags::IN), PollFd::new(listener, accepting)]
        .into_iter()
        .chain(open.iter().map(|connection| PollFd::new(connection, PollFlags::IN)))
        .collect();
    match poll(&mut ready, Some(&wait)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => (),
        Err(error) => return Err(error.into()),
    }
    let somebody_new = !full && !ready[1].revents().is_empty();
    let heard: Vec<bool> = ready[2..].iter().map(|connection| !connection.revents().is_empty()).collect();
    let mut heard = heard.into_iter();
    open.retain_mut(|connection| {
        let heard = heard.next().unwrap_or(false);
        // What follows a request that is ready stays unread until that is answered.
        let gone = heard && !connection.is_ready() && connection.read() == Standing::Gone;
        !gone && !connection.is_stale()
    });
    Ok(somebody_new)
}

/// Answers one request at most; `queue` is the listener when somebody is there. Who is next then.
fn turn(
    whose: Turn,
    queue: Option<&TcpListener>,
    open: &mut VecDeque<Connection>,
    work: Work,
) -> io::Result<Turn> {
    let ready = |used| open.iter().position(|one| one.is_ready() && one.is_used() == used);
    let place = match whose {
        Turn::New if queue.is_some() => ready(false),
        Turn::New => ready(false).or_else(|| ready(true)),
        Turn::KeptAlive => ready(true).or_else(|| ready(false)),
    };
    let mut connection = match (place.and_then(|place| open.remove(place)), queue) {
        (Some(connection), _) => connection,
        (None, None) => return Ok(whose),
        (None, Some(listener)) => match accept(listener)? {
            Some(new) => new,
            None => return Ok(Turn::KeptAlive),
        },
    };
    let standing = if connection.is_ready() { Standing::Ready } else { connection.read() };
    let next = match standing {
        Standing::Gone => return Ok(whose),
        // Somebody who has not said anything yet has not had their turn.
        Standing::Waiting => whose,
        Standing::Ready if connection.is_used() => Turn::New,
        Standing::Ready => Turn::KeptAlive,
    };
    if connection.answer(work) {
        open.push_back(connection);
    }
    Ok(next)
}

/// The next connection of the queue; none when another worker was faster, or the client has left.
fn accept(listener: &TcpListener) -> io::Result<Option<Connection>> {
    match listener.accept() {
        Ok((stream, _)) => Connection::new(stream).map(Some),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::ConnectionAborted) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
