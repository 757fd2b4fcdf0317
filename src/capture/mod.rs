//! Capture by bind: how lameduck comes to hold the server's listeners where pidfd_getfd(2) is refused, as in
//! Kubernetes' restricted pods.
//!
//! The server runs under a seccomp program whose only effect is that its bind(2) calls, and the setsockopt(2) calls
//! that come before them, are announced to lameduck (seccomp_unotify(2)). At a bind lameduck makes the same socket
//! itself, binds it, and puts it in the place of the server's. Both hold it from then on, and the queue survives even
//! the server's SIGKILL. Anything that is not an ordinary bind of a TCP listener goes on as if nobody had asked.
//!
//! Way in: [`announced`] starts the server. Way out: [`Captured`], the sockets. This room knows nothing of drains.
//!
//! | file | subject |
//! |---|---|
//! | `sys` | the system calls that no library offers; the room's only `unsafe` |
//! | `filter` | the seccomp program |
//! | `supported` | whether the kernel can do it |
//! | `notifier` | the calls that are announced, and their answers |
//! | `target` | what a call means: its process, from /proc |
//! | `address` | the address that a bind asks for |
//! | `credentials` | who calls, and what its process may do |
//! | `announced` | the socket options that are recorded |
//! | `options` | options as they were set, and set again |
//! | `substitute` | our socket in the place of the server's |
//! | `held` | the sockets that we hold, and when they are let go |
//! | `thread` | the thread that answers |
mod address;
mod announced;
mod credentials;
mod filter;
mod held;
mod notifier;
mod options;
#[cfg(any(test, fuzzing))]
pub(crate) mod readers;
mod substitute;
mod supported;
mod sys;
mod target;
mod thread;

pub use held::Captured;

use notifier::Notifier;
use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc;
use std::thread::{Builder, scope};
use thread::Answering;

/// Runs `body` in a thread of its own, under the program: what it starts announces its binds to lameduck, and lameduck
/// itself does not. `body` is told where the sockets will be, or why there is no program: EBUSY, another seccomp
/// listener stands above us; EACCES, ENOSYS, EINVAL, EPERM: it is not permitted here; Unsupported: before Linux 5.9.
///
/// # Errors
/// When no thread can be started.
pub fn announced<T: Send>(body: impl FnOnce(io::Result<Captured>) -> T + Send) -> io::Result<T> {
    if let Err(error) = supported::supported() {
        return Ok(body(Err(error)));
    }
    let captured = Captured::default();
    let (sender, receiver) = mpsc::channel();
    // Started from here, because a thread inherits its maker's program.
    let for_thread = captured.clone();
    Builder::new().name("capture".to_owned()).spawn(move || {
        // An error: there is no program, and nothing to answer.
        if let Ok(listener) = receiver.recv() {
            Answering::new(Notifier::new(listener), for_thread).run();
        }
    })?;
    scope(|scope| {
        let begin = move || {
            // The thread waits for it: it does not go before it has been sent.
            let installed = filter::install().map(|listener| sender.send(listener).map(|()| captured));
            body(installed.and_then(|sent| sent.map_err(io::Error::other)))
        };
        let running = Builder::new().name("spawn".to_owned()).spawn_scoped(scope, begin)?;
        running.join().map_or_else(|panic| resume_unwind(panic), Ok)
    })
}

/// Whether a program was asked for already, by whoever started us: then it takes nothing away from the server.
#[must_use]
pub fn costs_nothing() -> bool {
    rustix::thread::no_new_privs().unwrap_or(false)
}

/// Why a call goes on as if nobody had asked.
#[derive(Debug, thiserror::Error)]
enum Untouched {
    /// No TCP socket, or no socket at all.
    #[error("it is not TCP")]
    NotTcp,
    /// An outgoing connection, or a listener whose address is told in another way.
    #[error("it asks for any port")]
    AnyPort,
    /// The kernel is to say what becomes of it.
    #[error("it is the kernel's to decide")]
    Kernels,
    /// Whoever called does not wait any more.
    #[error("its process is gone")]
    Gone,
    /// /proc does not show it.
    #[error(
        "its process may not be read ({0}): it is another user's, or not dumpable, or Yama's ptrace_scope is 2"
    )]
    Hidden(io::Error),
    /// Other descriptors would go on with the old socket.
    #[error("it has been duplicated before it is bound")]
    Duplicated,
    /// The epoll would wait for the old socket.
    #[error("it is in an epoll before it is bound")]
    InEpoll,
    /// An option cannot be set again.
    #[error("an option was set on it that only its own process can set")]
    NotRepeatable,
    /// Our socket would be in ours.
    #[error("its process is in a network namespace of its own")]
    OtherNetwork,
}

impl Untouched {
    /// Why /proc did not show something.
    fn hidden(error: io::Error) -> Self {
        use io::ErrorKind::{NotFound, UnexpectedEof};
        let gone =
            error.raw_os_error() == Some(libc::ESRCH) || matches!(error.kind(), NotFound | UnexpectedEof);
        // EIO and EFAULT: its address is none. The kernel tells it.
        match error.raw_os_error() {
            Some(libc::EIO | libc::EFAULT) => Self::Kernels,
            _ if gone => Self::Gone,
            _ => Self::Hidden(error),
        }
    }

    /// Whether somebody may have expected otherwise.
    fn is_worth_saying(&self) -> bool {
        match self {
            Self::NotTcp | Self::AnyPort | Self::Kernels | Self::Gone => false,
            Self::Hidden(_) | Self::Duplicated | Self::InEpoll | Self::NotRepeatable | Self::OtherNetwork => {
                true
            }
        }
    }
}
