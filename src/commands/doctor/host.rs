//! Where we are: kernel, process, users, security modules.
use super::finding::Finding;
use nix::unistd::{getpid, getuid};
use procfs::process::Process;
use rustix::process::{getpid as own_pid, set_child_subreaper};
use std::fs;

/// docs/kernel.md has the table; what an older one lacks has a line of its own.
const OLDEST_TRIED: (u32, u32) = (5, 10);

/// The kernel's release.
pub fn kernel() -> Finding {
    const SUBJECT: &str = "kernel";
    let name = rustix::system::uname();
    let release = name.release().to_string_lossy().into_owned();
    let seen = format!("{} {release}", name.sysname().to_string_lossy());
    match version(&release) {
        Some(version) if version >= OLDEST_TRIED => Finding::ok(SUBJECT, seen),
        _ => Finding::weaker(
            SUBJECT,
            seen,
            "5.10 is the oldest that was tried; the lines below tell what works here",
        ),
    }
}

fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|other: char| !other.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Whether orphans of the server come to us.
pub fn orphans() -> Finding {
    const SUBJECT: &str = "orphans";
    if getpid().as_raw() == 1 {
        return Finding::ok(SUBJECT, "process 1: they come to lameduck");
    }
    let adopted = set_child_subreaper(Some(own_pid()));
    // Without a subreaper nothing has to be undone; the trials that follow leave no orphans.
    match adopted.and_then(|()| set_child_subreaper(None)) {
        Ok(()) => Finding::ok(SUBJECT, "not process 1, but a subreaper: they come to lameduck"),
        Err(error) => Finding::weaker(
            SUBJECT,
            format!("not process 1, and no subreaper: {error}"),
            "permit prctl PR_SET_CHILD_SUBREAPER, or make lameduck the ENTRYPOINT",
        ),
    }
}

/// Who we are, and under what rules: for whoever reads the rest.
pub fn confinement() -> Finding {
    const SUBJECT: &str = "confinement";
    let status = Process::myself().and_then(|process| process.status());
    let Ok(status) = status else {
        return Finding::missing(
            SUBJECT,
            "/proc is not mounted",
            "mount /proc: the server's sockets are found there",
        );
    };
    let seccomp = match status.seccomp {
        Some(0) => "none",
        Some(1) => "strict",
        Some(2) => "a filter",
        _ => "unknown",
    };
    let no_new_privs = match rustix::thread::no_new_privs() {
        Ok(true) => "set",
        Ok(false) => "not set",
        Err(_) => "unknown",
    };
    let yama = fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").ok();
    let module = fs::read_to_string("/proc/self/attr/current").unwrap_or_default();
    let module = module.trim_matches(|end: char| end.is_whitespace() || end == '\0');
    let mut rules = vec![format!("user {}, seccomp {seccomp}, no_new_privs {no_new_privs}", getuid())];
    rules.extend(yama.as_deref().map(|scope| format!("Yama ptrace_scope {}", scope.trim())));
    rules.extend((!module.is_empty()).then(|| format!("security module {module}")));
    let seen = rules.join(", ");
    match yama.as_deref().map(str::trim) {
        Some("2" | "3") => Finding::weaker(
            SUBJECT,
            seen,
            "set kernel.yama.ptrace_scope to 1 or 0 on the node, or add CAP_SYS_PTRACE (scope 2)",
        ),
        _ => Finding::ok(SUBJECT, seen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_read_and_what_is_none_is_not() {
        assert_eq!(version("6.1.0-25-cloud-amd64"), Some((6, 1)));
        assert_eq!(version("5.10"), Some((5, 10)));
        assert_eq!(version("next"), None);
    }
}
