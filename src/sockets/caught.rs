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
        // Its number, and its arguments in hexadecimal; or "running".
        let mut words = call.split(' ');
        let number = words.next().and_then(|number| number.parse().ok());
        let first = words.next().and_then(|word| i64::from_str_radix(word.trim_start_matches("0x"), 16).ok());
        some |= number.is_some_and(|number| READING.contains(&number)) && first == Some(fd.into());
    }
    Some(some)
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

/// By the state of its first thread (proc_pid_stat(5)).
fn is_stopped(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    // Its name, in parentheses, may contain anything.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::sockets::{mark, sys};
    use rustix::process::{PidfdFlags, pidfd_open};
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::process::{Child, Command, Stdio};

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
}
