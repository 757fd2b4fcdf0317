//! A worker: one request at a time, until told to stop.
use super::SLOW_PATH;
use crate::cli::Work;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

/// How often a worker with nothing to do looks whether its master is still there.
const LOOK: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
/// How long a worker waits for a request, as gunicorn's `--timeout`.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 16 * 1024;

/// Serves the listener that is the standard input, until TERM or the end of the process `master`.
///
/// # Errors
/// When the standard input is no listener.
pub fn serve(master: i32, work: Work) -> io::Result<()> {
    let stop: SigSet = [Signal::SIGTERM].into_iter().collect();
    stop.thread_block()?;
    let told = SignalFd::with_flags(&stop, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    let listener = TcpListener::from(io::stdin().as_fd().try_clone_to_owned()?);

    while told.read_signal()?.is_none() && nix::unistd::getppid().as_raw() == master {
        let mut ready = [PollFd::new(&listener, PollFlags::IN), PollFd::new(&told, PollFlags::IN)];
        match poll(&mut ready, Some(&LOOK)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => (),
            Err(error) => return Err(error.into()),
        }
        if ready[1].revents().is_empty() && !ready[0].revents().is_empty() {
            match listener.accept() {
                // A client that has left is no trouble of ours.
                Ok((stream, _)) => drop(answer(stream, work)),
                // Another worker was faster.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => (),
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => (),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

fn answer(mut stream: TcpStream, work: Work) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let head = read_head(&mut stream)?;
    let target = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    let slow = target.split(|byte| *byte == b'?').next() == Some(SLOW_PATH.as_bytes());
    thread::sleep(if slow { work.slow_work } else { work.work });
    stream.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\nConnection: close\r\n\r\nanswered\n",
    )
}

fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let length = stream.read(&mut buffer)?;
        if length == 0 || head.len() > LONGEST_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.extend_from_slice(&buffer[..length]);
    }
    Ok(head)
}
