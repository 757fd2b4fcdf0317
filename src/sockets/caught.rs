//! Calls that the mark has caught, and how they are freed.
//!
//! recv(2) decides how many bytes it waits for when it begins (tcp_recvmsg_locked() in net/ipv4/tcp.c): one that blocks, and
//! begins while the mark is up, sleeps on when the mark is lowered, with the bytes that came in its hands. When its process
//! is stopped and continued it returns with them, as for any signal (signal(7)).
use rustix::process::{Pid, Signal, pidfd_send_signal};
use std::fs;
use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The calls that read from a socket.
const READING: [libc::c_long; 5] =
    [libc::SYS_read, libc::SYS_readv, libc::SYS_recvfrom, libc::SYS_recvmsg, libc::SYS_recvmmsg];
/// A process stops when one of its threads has run for a moment; one that is asleep for good must not hold us up.
const STOPS_WITHIN: Duration = Duration::from_millis(50);
/// How often it is looked whether it has stopped: about 10 µs each.
const PACE: Duration = Duration::from_micros(100);

/// Whether a thread of this process sleeps in a call that reads from its descriptor `fd` (proc_pid_syscall(5)); `None`: that
/// may not be seen, or this kernel does not tell.
#[must_use]
pub fn sleeps_reading(pid: Pid, fd: RawFd) -> Option<bool> {
    let mut some = false;
    for thread in fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())).ok()? {
        let call = match thread.map(|thread| fs::read_to_string(thread.path().join("syscall"))) {
            Ok(Ok(call)) => call,
            // It has ended meanwhile.
            Err(error) | Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) | Ok(Err(error)) if error.raw_os_error() == Some(libc::ESRCH) => continue,
            _ => return None,
        };
        some |= is_reading(&call, fd);
    }
    Some(some)
}

/// A call's number, and its arguments in hexadecimal; or "running".
pub(super) fn is_reading(call: &str, fd: RawFd) -> bool {
    let mut words = call.split(' ');
    let number = words.next().and_then(|number| number.parse().ok());
    let first = words.next().and_then(|word| i64::from_str_radix(word.trim_start_matches("0x"), 16).ok());
    number.is_some_and(|number| READING.contains(&number)) && first == Some(fd.into())
}

/// Stops a process and has it go on. One that is stopped already is left alone.
///
/// # Errors
/// EPERM: we may not signal it; ESRCH: it is gone.
pub fn nudge(process: &OwnedFd, pid: Pid) -> io::Result<()> {
    if is_stopped(pid) {
        return Ok(());
    }
    pidfd_send_signal(process, Signal::STOP)?;
    // Continued before it has stopped it would not stop at all.
    let until = Instant::now() + STOPS_WITHIN;
    while !is_stopped(pid) && Instant::now() < until {
        sleep(PACE);
    }
    Ok(pidfd_send_signal(process, Signal::CONT)?)
}

pub(super) fn tells_stopped(stat: &str) -> bool {
    // Its name, in parentheses, may contain anything.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
}

/// By the state of its first thread (proc_pid_stat(5)).
fn is_stopped(pid: Pid) -> bool {
    fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).is_ok_and(|stat| tells_stopped(&stat))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::sockets::mark::Raise;
    use crate::sockets::{mark, sys};
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::io::{ioctl_fionbio, read, write};
    use rustix::process::{PidfdFlags, getpid, pidfd_open};
    use std::io::{Read, Write};
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::os::fd::AsRawFd;
    use std::process::{Child, Command, Stdio};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
        let until = Instant::now() + Duration::from_secs(30);
        while !is() {
            assert!(Instant::now() < until, "{what}");
            sleep(Duration::from_millis(1));
        }
    }

    /// A server that sleeps in a call which began while the mark was up, although `hello` has come and the mark is down;
    /// it will say on its standard output what the call gives.
    pub(crate) fn caught() -> (Child, OwnedFd, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let server = OwnedFd::from(listener.accept().unwrap().0);
        sys::set_receive_low_water_mark(&server, mark::RAISED).unwrap();
        let mut dd = Command::new("dd");
        dd.args(["bs=8192", "count=1", "status=none"]).stdin(server.try_clone().unwrap());
        let child = dd.stdout(Stdio::piped()).spawn().unwrap();
        let pid = Pid::from_child(&child);
        wait_until("it reads", || sleeps_reading(pid, 0) == Some(true));
        client.write_all(b"hello").unwrap();
        mark::lower(&server).unwrap();
        wait_until("it has the bytes", || mark::unread(&server).unwrap() == 0);
        wait_until("it sleeps", || sleeps_reading(pid, 0) == Some(true));
        (child, server, client)
    }

    /// What its call gives, when it returns.
    pub(crate) fn given_to(mut child: Child) -> Vec<u8> {
        wait_until("the call returns", || child.try_wait().unwrap().is_some());
        child.wait_with_output().unwrap().stdout
    }

    #[test]
    fn a_call_that_the_mark_has_caught_returns_when_its_process_is_nudged() {
        let (child, _server, _client) = caught();
        let pid = Pid::from_child(&child);
        assert_eq!(sleeps_reading(pid, 1), Some(false), "of another descriptor");
        nudge(&pidfd_open(pid, PidfdFlags::empty()).unwrap(), pid).unwrap();
        assert_eq!(given_to(child), b"hello");
    }

    /// As gunicorn's gthread: told of a request by poll(2) on a socket that does not block, it has its call block; four
    /// bytes are its answer. Until the end of file.
    fn serve(server: &OwnedFd) {
        loop {
            ioctl_fionbio(server, true).unwrap();
            poll(&mut [PollFd::new(server, PollFlags::IN)], None).unwrap();
            ioctl_fionbio(server, false).unwrap();
            if read(server, &mut [0; 8192]).unwrap() == 0 {
                return;
            }
            write(server, b"done").unwrap();
        }
    }

    #[test]
    fn whoever_raises_a_mark_is_told_when_it_may_have_caught_a_call() {
        const REQUESTS: u64 = 2000;
        const CATCHES: u64 = 20;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let server = OwnedFd::from(listener.accept().unwrap().0);
        let over = AtomicBool::new(false);
        let told = Mutex::new(None);
        let raise = || {
            let mut told = told.lock().unwrap();
            let received = mark::counts(&server).unwrap().received;
            match mark::raise(&server, received).unwrap() {
                Raise::Up => mark::lower(&server).unwrap(),
                Raise::Caught { sent } => *told = Some(sent),
                Raise::TooLate | Raise::Blocking => {}
            }
        };
        let mut answer = [0; 4];
        let (mut caught, mut untold) = (0, 0);
        std::thread::scope(|scope| {
            scope.spawn(|| serve(&server));
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    raise();
                }
            });
            for request in 0..REQUESTS {
                client.write_all(b"hello").unwrap();
                while client.read_exact(&mut answer).is_err() {
                    let reads = sleeps_reading(getpid(), server.as_raw_fd()) == Some(true);
                    if !reads || mark::unread(&server).unwrap() > 0 {
                        continue;
                    }
                    caught += 1;
                    untold += u64::from(*told.lock().unwrap() != Some(4 * request));
                    // As much as the call has room for sets it free.
                    client.write_all(&[0; 8192 - 5]).unwrap();
                }
                if caught == CATCHES {
                    break;
                }
            }
            over.store(true, Ordering::Relaxed);
            client.shutdown(Shutdown::Write).unwrap();
        });
        println!("caught: {caught}");
        assert_eq!(untold, 0, "of {caught}: nobody was told, or not of this one");
    }
}
