//! Whether this kernel can do what capture by bind stands on, known before the server runs under the program: a call that
//! is announced and that nobody can answer would wait for ever.
use super::filter;
use super::sys::{self, Addition};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::thread;

/// Tries it, under a program in a thread that ends at once.
///
/// # Errors
/// Unsupported: before Linux 5.9, which brought SECCOMP_IOCTL_NOTIF_ADDFD (what lets calls go on is of 5.5); else as
/// [`filter::install`].
pub fn supported() -> io::Result<()> {
    thread::scope(|scope| {
        let tried = thread::Builder::new().name("capture-try".to_owned());
        let tried =
            tried.spawn_scoped(scope, || filter::install().and_then(|listener| replaces(&listener)))?;
        tried.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Asks for a descriptor to be given to a caller that there is not: no call was made, and they are counted from a random
/// number on. Kernels that know the request look for it (seccomp_notify_addfd() in kernel/seccomp.c).
fn replaces(listener: &OwnedFd) -> io::Result<()> {
    let srcfd = listener.as_raw_fd().cast_unsigned();
    match sys::add(listener, Addition { id: 0, flags: 0, srcfd, newfd: 0, newfd_flags: 0 }) {
        Err(error) if error.raw_os_error() != Some(libc::ENOENT) => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("this kernel cannot replace a descriptor of another process: {error}; Linux 5.9 can"),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn a_kernel_that_knows_the_request_is_told_from_one_that_does_not() {
        supported().unwrap();
        // Neither does a file know it: ENOTTY.
        let stranger = OwnedFd::from(File::open("/dev/null").unwrap());
        let refusal = replaces(&stranger).unwrap_err();
        assert_eq!(refusal.kind(), io::ErrorKind::Unsupported);
        assert!(refusal.to_string().contains("Linux 5.9"), "{refusal}");
    }

    #[test]
    fn whoever_asks_is_under_no_program_afterwards() {
        // A container's own stays.
        let programs = || {
            let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
            status.lines().filter(|line| line.starts_with("Seccomp")).map(str::to_owned).collect::<Vec<_>>()
        };
        let before = programs();
        supported().unwrap();
        assert_eq!(programs(), before);
    }
}
