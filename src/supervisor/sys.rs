//! The system calls for which no library has a safe function, thin and safe from outside. None allocates or
//! takes a lock: all may be used between fork and exec (signal-safety(7)).
#![allow(unsafe_code)]
use super::signal::Signal;
use rustix::io::Errno;
use rustix::process::{Pid, kill_process, kill_process_group, set_parent_process_death_signal};
use std::cell::Cell;
use std::ffi::{CStr, CString, c_char};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::{io, ptr};

/// The kernel's `sizeof(sigset_t)`, bytes: 64 signals, one bit each (`<asm-generic/signal.h>`).
const SIGSET_SIZE: libc::size_t = 64 / 8;

/// Sends any signal, real-time ones included, to one process.
///
/// # Errors
/// Those of kill(2).
pub fn kill(pid: Pid, signal: Signal) -> io::Result<()> {
    Ok(kill_process(pid, any(signal))?)
}

/// The same to every process of the group that `leader` made.
///
/// # Errors
/// Those of kill(2): ESRCH when the group has nobody left.
pub fn kill_group(leader: Pid, signal: Signal) -> io::Result<()> {
    Ok(kill_process_group(leader, any(signal))?)
}

/// The library knows those by name only that have one.
fn any(signal: Signal) -> rustix::process::Signal {
    // SAFETY: its number is from 1 to 64 ([`Signal::new`]). It is only sent, or asked for at our parent's death; no handler is
    // installed, in whose way libc's own signals would be.
    unsafe { rustix::process::Signal::from_raw_unchecked(signal.number()) }
}

/// Has the kernel send `signal` to this process when the thread that started it ends (PR_SET_PDEATHSIG).
///
/// # Errors
/// Those of prctl(2), none of which is expected.
pub fn set_parent_death_signal(signal: Signal) -> io::Result<()> {
    Ok(set_parent_process_death_signal(Some(any(signal)))?)
}

/// Sets a signal's disposition to the default, or to ignoring it; KILL and STOP have no other than theirs.
pub fn set_disposition(signal: Signal, ignored: bool) {
    // `struct sigaction` of <asm-generic/signal.h> with room to spare: the handler comes first, and all else zero is
    // no flags and an empty mask.
    let action = [if ignored { libc::SIG_IGN } else { libc::SIG_DFL } as u64, 0, 0, 0, 0, 0, 0, 0];
    let old = ptr::null_mut::<u64>();
    // SAFETY: the kernel reads at most the 32 bytes of its struct, and installs no handler.
    let _ = unsafe {
        libc::syscall(libc::SYS_rt_sigaction, signal.number(), &raw const action, old, SIGSET_SIZE)
    };
}

/// Whether a signal is ignored.
pub fn is_ignored(signal: Signal) -> bool {
    let mut action = [0_u64; 8];
    let new = ptr::null::<u64>();
    // SAFETY: the kernel writes at most the 32 bytes of its struct, of which the handler comes first.
    let outcome =
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal.number(), new, &raw mut action, SIGSET_SIZE) };
    outcome == 0 && action[0] == libc::SIG_IGN as u64
}

/// Makes `number` a duplicate of `source` that exec keeps open; what was open there is closed.
///
/// # Errors
/// Those of dup2(2).
pub fn place(source: BorrowedFd<'_>, number: RawFd) -> Result<(), Errno> {
    // SAFETY: called in the child that becomes the command, where no owner of `number` will ever look again.
    if unsafe { libc::dup2(source.as_raw_fd(), number) } < 0 {
        return Err(last_errno());
    }
    Ok(())
}

/// Becomes the program at `path`; returns only why it could not. Without `environment` it keeps the present
/// one.
pub fn execute(path: &CStr, arguments: &Strings, environment: Option<&Strings>) -> Errno {
    // SAFETY: both are arrays of C strings, ended by NULL, as `Strings` holds them.
    unsafe {
        match environment {
            None => libc::execv(path.as_ptr(), arguments.array.as_ptr()),
            Some(strings) => libc::execve(path.as_ptr(), arguments.array.as_ptr(), strings.array.as_ptr()),
        }
    };
    last_errno()
}

/// Ends the process without running anything of its parent's: no destructors, no flushing of copied buffers.
pub fn exit_at_once(status: i32) -> ! {
    // SAFETY: does not return, touches no memory.
    unsafe { libc::_exit(status) }
}

fn last_errno() -> Errno {
    Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::INVAL)
}

/// An argument vector or an environment in the form of execve(2), made before the fork, because making it
/// allocates.
#[derive(Debug)]
pub struct Strings {
    array: Vec<*const c_char>,
    /// What `array` points to.
    _owned: Vec<CString>,
    /// Where [`Self::append_number`] writes, if there is such an entry. No Box: one that is moved is taken to have no other pointer to
    /// what is in it.
    numbered: Option<Vec<Cell<u8>>>,
}

impl Strings {
    /// The strings, in their order.
    pub fn new(owned: Vec<CString>) -> Self {
        let array = owned.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect();
        Self { array, _owned: owned, numbered: None }
    }

    /// The strings, and one more: `prefix` and a number, which only [`Self::append_number`] tells.
    pub fn with_numbered(owned: Vec<CString>, prefix: &str) -> Self {
        let room = prefix.bytes().chain([0; Self::DIGITS + 1]).map(Cell::new).collect::<Vec<_>>();
        let mut strings = Self::new(owned);
        strings.array.insert(0, room.as_ptr().cast());
        strings.numbered = Some(room);
        strings
    }

    /// Writes `number` behind the prefix. Allocates nothing.
    pub fn append_number(&self, mut number: u32) {
        let Some(room) = &self.numbered else { return };
        let (mut digits, mut first) = ([0; Self::DIGITS], Self::DIGITS);
        while first > 0 && (number > 0 || first == Self::DIGITS) {
            first -= 1;
            digits[first] = b'0' + (number % 10) as u8;
            number /= 10;
        }
        let behind_prefix = &room[room.len() - Self::DIGITS - 1..];
        for (cell, digit) in behind_prefix.iter().zip(&digits[first..]) {
            cell.set(*digit);
        }
    }

    /// Digits of the largest `u32`.
    const DIGITS: usize = 10;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_exec_reads(strings: &Strings) -> Vec<String> {
        let ended = strings.array.iter().take_while(|string| !string.is_null());
        // SAFETY: C strings, ended by NULL, which live as long as `strings`.
        ended.map(|string| unsafe { CStr::from_ptr(*string) }.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn what_exec_is_given_is_what_was_meant_wherever_it_was_moved() {
        let owned = || vec![CString::from(c"a"), CString::from(c"b=c")];
        assert_eq!(as_exec_reads(&Strings::new(owned())), ["a", "b=c"]);
        for number in [0, 7, 4711, u32::MAX] {
            let moved = Box::new(Strings::with_numbered(owned(), "LISTEN_PID="));
            moved.append_number(number);
            assert_eq!(as_exec_reads(&moved), [&format!("LISTEN_PID={number}"), "a", "b=c"]);
        }
    }
}
