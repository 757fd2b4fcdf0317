//! The child's side: from the fork to the exec that makes it the command.
use super::spawn::Launch;
use super::sys::{self, Strings};
use super::{inherited, terminal};
use nix::sys::signal::SigSet;
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::process::{getpid, setpgid};
use std::ffi::{CString, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// Where passed descriptors begin: `SD_LISTEN_FDS_START` of `sd_listen_fds(3)`.
const LISTEN_FDS_START: RawFd = 3;

/// What a descriptor without a name is called in LISTEN_FDNAMES (`sd_listen_fds(3)`). Twisted insists on a name.
const NO_NAME: &str = "unknown";

/// All that the child needs, made before the fork: afterwards it allocates nothing (signal-safety(7)).
#[derive(Debug)]
pub struct Image {
    paths: Vec<CString>,
    arguments: Strings,
    /// `None`: lameduck's own, untouched.
    environment: Option<Strings>,
    /// Duplicates above the numbers that they will have, so that none is overwritten before its turn.
    listeners: Vec<OwnedFd>,
    /// Likewise.
    report: OwnedFd,
    /// The terminal on standard input is ours, and becomes the command's.
    foreground: bool,
}

/// Why the command could not be executed: written by the child, read by the parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The error of `execve(2)`, or of a step before it.
    pub errno: Errno,
    /// Which of the paths it was about.
    pub path: usize,
}

impl Image {
    /// Prepares to execute `launch` from the first of `candidates` that can be, and to write to `report` if
    /// none can.
    ///
    /// # Errors
    /// When an argument has a NUL inside, or there are no descriptors left.
    pub fn new(
        launch: &Launch,
        candidates: &[PathBuf],
        foreground: bool,
        report: &OwnedFd,
    ) -> io::Result<Self> {
        let first_free = LISTEN_FDS_START + RawFd::try_from(launch.listeners.len()).unwrap_or(RawFd::MAX);
        let out_of_the_way = |descriptor: &OwnedFd| fcntl_dupfd_cloexec(descriptor, first_free);
        Ok(Self {
            paths: c_strings(candidates.iter().map(|path| path.clone().into_os_string()))?,
            arguments: Strings::new(c_strings(launch.command.iter().cloned())?),
            environment: environment(launch.listeners.len())?,
            listeners: launch.listeners.iter().map(out_of_the_way).collect::<Result<_, _>>()?,
            report: out_of_the_way(report)?,
            foreground,
        })
    }

    /// In the child: becomes the command, or reports why not and ends.
    pub fn become_command(&self) -> ! {
        let report = match self.prepare() {
            Ok(()) => self.execute(),
            Err(errno) => Report { errno, path: 0 },
        };
        // If even this fails, the parent finds an empty report and a dead child.
        let _ = rustix::io::write(&self.report, &report.to_bytes());
        sys::exit_at_once(1)
    }

    fn prepare(&self) -> Result<(), Errno> {
        // What is sent to our group from here on waits for the command. TTOU must, in `terminal::give_to`.
        let _ = SigSet::all().thread_block();
        inherited::restore_dispositions();
        // A group of its own: what is sent to lameduck's whole group (timeout(1), a shell's `kill %1`) must
        // not stop the server behind the drain's back.
        setpgid(None, None)?;
        if self.foreground {
            terminal::give_to(getpid());
        }
        for (number, listener) in (LISTEN_FDS_START..).zip(&self.listeners) {
            sys::place(listener.as_fd(), number)?;
        }
        if let Some(environment) = &self.environment {
            environment.append_number(getpid().as_raw_nonzero().get().unsigned_abs());
        }
        inherited::restore_mask();
        Ok(())
    }

    /// Tries the paths as execvp(3) does. What the kernel does not know is reported: `spawn` looks whether it is text.
    fn execute(&self) -> Report {
        let mut outcome = Report { errno: Errno::NOENT, path: 0 };
        for (path, candidate) in self.paths.iter().enumerate() {
            let errno = sys::execute(candidate, &self.arguments, self.environment.as_ref());
            match errno {
                Errno::NOENT | Errno::NOTDIR => {}
                Errno::ACCESS if outcome.errno == Errno::ACCESS => {}
                Errno::ACCESS => outcome = Report { errno, path },
                _ => return Report { errno, path },
            }
        }
        outcome
    }
}

impl Report {
    /// The length of a report in the pipe, bytes.
    pub const LENGTH: usize = 12;

    fn to_bytes(self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[..4].copy_from_slice(&self.errno.raw_os_error().to_ne_bytes());
        bytes[4..].copy_from_slice(&(self.path as u64).to_ne_bytes());
        bytes
    }

    /// Reads a report.
    pub fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        let [a, b, c, d, path @ ..] = bytes;
        let errno = Errno::from_raw_os_error(i32::from_ne_bytes([a, b, c, d]));
        Self { errno, path: usize::try_from(u64::from_ne_bytes(path)).unwrap_or(0) }
    }
}

/// The environment when it cannot stay as it is: because descriptors are passed on, or because those that
/// systemd passed to us (`LISTEN_PID` is ours) are now the command's.
fn environment(listeners: usize) -> io::Result<Option<Strings>> {
    let own = getpid().to_string();
    let activated = std::env::var_os("LISTEN_PID").is_some_and(|pid| *pid == *own);
    // LISTEN_PIDFDID is LISTEN_PID in another form (systemd 258).
    let replaced: &[&str] = match (listeners, activated) {
        (0, false) => return Ok(None),
        (0, true) => &["LISTEN_PID", "LISTEN_PIDFDID"],
        _ => &["LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS", "LISTEN_FDNAMES"],
    };
    let kept = std::env::vars_os().filter(|(name, _)| !replaced.iter().any(|replaced| name == replaced));
    let mut entries = kept
        .map(|(mut entry, value)| {
            entry.push("=");
            entry.push(value);
            entry
        })
        .collect::<Vec<_>>();
    if listeners > 0 {
        entries.push(format!("LISTEN_FDS={listeners}").into());
        entries.push(format!("LISTEN_FDNAMES={}", vec![NO_NAME; listeners].join(":")).into());
    }
    Ok(Some(Strings::with_numbered(c_strings(entries)?, "LISTEN_PID=")))
}

fn c_strings(strings: impl IntoIterator<Item = OsString>) -> io::Result<Vec<CString>> {
    strings.into_iter().map(|string| Ok(CString::new(string.into_vec())?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::os::fd::AsRawFd;

    #[test]
    fn nothing_is_in_the_way_of_the_descriptors_that_are_passed_on() {
        // Given: listeners far above, and room below.
        let null = File::open("/dev/null").unwrap();
        let far_above = || fcntl_dupfd_cloexec(&null, 500).unwrap();
        let listeners: Vec<OwnedFd> = std::iter::repeat_with(far_above).take(100).collect();
        let image = Image::new(&Launch { command: vec![], listeners }, &[], false, &far_above()).unwrap();
        let all = image.listeners.iter().chain([&image.report]);
        assert!(all.map(AsRawFd::as_raw_fd).all(|number| number >= LISTEN_FDS_START + 100));
    }

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let report = Report { errno: Errno::ACCESS, path: 7 };
        assert_eq!(Report::from_bytes(report.to_bytes()), report);
    }
}
