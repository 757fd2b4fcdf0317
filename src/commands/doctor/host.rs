//! Where we are: kernel, process, users and what they may do.
use super::finding::Finding;
use super::promise::Way;
use nix::unistd::{getpid, getuid};
use procfs::process::Process;
use rustix::process::{getpid as own_pid, set_child_subreaper};
use std::fs;

/// docs/kernel.md has the table; what an older one lacks has a line of its own.
const OLDEST_TRIED: (u32, u32) = (5, 10);
/// What gVisor calls itself: `LinuxVersion` (pkg/sentry/syscalls/linux/linux64.go), the same in all that there were, whatever
/// release it names ("4.4.0", "4.19.0-gvisor").
const GVISOR: &str = "#1 SMP Sun Jan 10 15:06:54 PST 2016";

/// Bits of a set of capabilities (linux/capability.h) of which lameduck makes use.
const CAPABILITIES: [(u32, &str); 4] =
    [(7, "SETUID"), (10, "NET_BIND_SERVICE"), (12, "NET_ADMIN"), (SYS_PTRACE, "SYS_PTRACE")];
pub const SYS_PTRACE: u32 = 19;

/// The kernel's release.
pub fn kernel() -> Finding {
    let name = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    of_kernel(&text(name.sysname()), &text(name.release()), &text(name.version()))
}

fn of_kernel(system: &str, release: &str, build: &str) -> Finding {
    const SUBJECT: &str = "kernel";
    let seen = format!("{system} {release}");
    if build.contains(GVISOR) || release.contains("gvisor") {
        return Finding::weaker(
            SUBJECT,
            format!(
                "gVisor, which calls itself {seen}: no sock_diag, and /proc/net/tcp has 0 for every queue"
            ),
            "--listen works; else give pods whose drain matters another runtimeClassName",
        );
    }
    match version(release) {
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
pub fn confinement(way: Way) -> Finding {
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
    let scope = yama.as_deref().map(str::trim);
    let mut seen = format!(
        "user {}, capabilities {}, seccomp {seccomp}, no_new_privs {no_new_privs}",
        getuid(),
        capabilities(status.capeff)
    );
    if let Some(scope) = scope {
        seen += ", Yama ptrace_scope ";
        seen += scope;
    }
    match forbidden_by_yama(scope, way, status.capeff & 1 << SYS_PTRACE != 0) {
        Some(advice) => Finding::weaker(SUBJECT, seen, advice),
        None => Finding::ok(SUBJECT, seen),
    }
}

/// Those that matter.
fn capabilities(effective: u64) -> String {
    let there = CAPABILITIES.iter().filter(|(bit, _)| effective & 1 << bit != 0).map(|(_, name)| *name);
    let there: Vec<&str> = there.collect();
    match there.as_slice() {
        [] if effective == 0 => "none".to_owned(),
        [] => "none that lameduck uses".to_owned(),
        there => there.join("+"),
    }
}

/// Documentation/admin-guide/LSM/Yama.rst: from 1 on only an ancestor may, from 2 on only CAP_SYS_PTRACE, with 3 nobody.
fn forbidden_by_yama(scope: Option<&str>, way: Way, may_trace: bool) -> Option<&'static str> {
    match (scope?, way) {
        (_, Way::Sidecar) => None,
        ("3", _) => Some("set kernel.yama.ptrace_scope to 1 or 0 on the node"),
        ("2", _) if !may_trace => {
            Some("set kernel.yama.ptrace_scope to 1 or 0 on the node, or add CAP_SYS_PTRACE")
        }
        ("1", Way::Wait) if !may_trace => Some(
            "a hook is no ancestor of the server: set kernel.yama.ptrace_scope to 0 on the node, add CAP_SYS_PTRACE, or use \
             `lameduck run`",
        ),
        _ => None,
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

    #[test]
    fn gvisor_is_known_by_either_of_its_names() {
        for release in ["4.4.0", "4.19.0-gvisor"] {
            let finding = of_kernel("Linux", release, GVISOR);
            assert!(!finding.is_ok() && finding.seen.starts_with("gVisor"), "{finding:?}");
        }
        assert!(of_kernel("Linux", "9.0-gvisor", "#1 SMP").seen.starts_with("gVisor"));
        assert!(of_kernel("Linux", "5.10.0-28-amd64", "#1 SMP Debian 5.10.209-2 (2024-01-31)").is_ok());
    }

    #[test]
    fn yama_is_in_the_way_of_whoever_is_no_ancestor() {
        let is_forbidden = |scope, way, may| forbidden_by_yama(scope, way, may).is_some();
        assert!(!is_forbidden(Some("1"), Way::Run, false) && is_forbidden(Some("1"), Way::Wait, false));
        assert!(!is_forbidden(Some("1"), Way::Wait, true), "CAP_SYS_PTRACE");
        assert!(is_forbidden(Some("2"), Way::Run, false) && !is_forbidden(Some("2"), Way::Run, true));
        assert!(is_forbidden(Some("3"), Way::Wait, true));
        assert!(!is_forbidden(Some("3"), Way::Sidecar, false), "it duplicates nothing");
        assert!(!is_forbidden(Some("0"), Way::Wait, false) && !is_forbidden(None, Way::Wait, false));
    }

    #[test]
    fn of_the_capabilities_those_are_named_that_matter() {
        assert_eq!(capabilities(0), "none");
        assert_eq!(capabilities(1 << 12 | 1 << 19 | 1), "NET_ADMIN+SYS_PTRACE");
        assert_eq!(capabilities(1), "none that lameduck uses");
    }
}
