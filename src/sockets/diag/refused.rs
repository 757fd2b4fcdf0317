//! What the kernel has refused once is not asked of it again.
//!
//! Where a module is missing, each question starts a modprobe (sock_load_diag_module() in net/core/sock_diag.c): some
//! milliseconds of processor time here, and the whole of a slow machine at the pace of a drain. What is remembered is
//! remembered by thread, as a seccomp program belongs to one, and for as long as that lives: a drain's looks are of one.
use rustix::io::Errno;
use std::cell::Cell;
use std::io;

/// What can be refused by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// netlink sockets for sock_diag at all.
    Netlink,
    /// TCP's table: inet_diag and tcp_diag.
    Tcp,
    /// That of unix sockets: unix_diag.
    Unix,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Nothing,
    Answered,
    Refused(Errno),
}

thread_local! {
    static KNOWN: Cell<[Known; 3]> = const { Cell::new([Known::Nothing; 3]) };
}

/// Whether it may be asked.
///
/// # Errors
/// With what it was refused by before.
pub(super) fn may_be_asked(what: What) -> io::Result<()> {
    match known(what) {
        Known::Refused(errno) => Err(errno.into()),
        Known::Nothing | Known::Answered => Ok(()),
    }
}

/// Whether it has answered before: then ENOENT is about a socket and not about the table.
pub(super) fn has_answered(what: What) -> bool {
    known(what) == Known::Answered
}

/// Takes in what came of asking, and gives it on.
pub(super) fn note<T>(what: What, answer: io::Result<T>) -> io::Result<T> {
    let errno = answer.as_ref().map_err(Errno::from_io_error);
    match errno {
        Ok(_) => remember(what, Known::Answered),
        Err(Some(errno)) if is_final(errno) => remember(what, Known::Refused(errno)),
        Err(_) => {}
    }
    answer
}

/// A missing module (ENOENT of a table, EPROTONOSUPPORT), SELinux, a seccomp program: nothing that passes.
fn is_final(errno: Errno) -> bool {
    const FINAL: [Errno; 6] =
        [Errno::NOENT, Errno::PROTONOSUPPORT, Errno::AFNOSUPPORT, Errno::ACCESS, Errno::PERM, Errno::NOSYS];
    FINAL.contains(&errno)
}

fn known(what: What) -> Known {
    KNOWN.get()[what as usize]
}

fn remember(what: What, is: Known) {
    let mut known = KNOWN.get();
    known[what as usize] = is;
    KNOWN.set(known);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuse(errno: Errno) -> io::Result<()> {
        note(What::Unix, Err(errno.into()))
    }

    #[test]
    fn what_passes_is_asked_again_and_what_was_refused_is_not() {
        for errno in [Errno::INTR, Errno::MFILE, Errno::NOBUFS] {
            refuse(errno).unwrap_err();
            may_be_asked(What::Unix).unwrap();
        }
        assert!(!has_answered(What::Unix));
        note(What::Unix, Ok(())).unwrap();
        assert!(has_answered(What::Unix));
        refuse(Errno::NOENT).unwrap_err();
        let error = may_be_asked(What::Unix).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(Errno::NOENT.raw_os_error()));
        may_be_asked(What::Tcp).unwrap();
    }

    #[test]
    fn another_thread_is_another_s_to_refuse() {
        refuse(Errno::PERM).unwrap_err();
        std::thread::spawn(|| may_be_asked(What::Unix).unwrap()).join().unwrap();
        may_be_asked(What::Unix).unwrap_err();
    }
}
