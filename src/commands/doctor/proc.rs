//! What /proc shows of others, and by what the processes of a container are told from others.
use super::finding::Finding;
use super::host::SYS_PTRACE;
use super::promise::Way;
use crate::sockets::{Whose, counters};
use procfs::process::{MountInfo, Process};
use std::fs;

/// Whether the processes and counters that a drain looks for are shown; `None` where `confinement` says that there is no /proc.
pub fn visibility(way: Way) -> Option<Finding> {
    let own = Process::myself().ok()?;
    // The last one hides the others.
    let mount =
        own.mountinfo().ok()?.0.into_iter().rfind(|mount| mount.mount_point.as_os_str() == "/proc")?;
    let status = own.status().ok()?;
    let us =
        Us { may_trace: status.capeff & 1 << SYS_PTRACE != 0, groups: status.groups, group: status.fgid };
    Some(told(&mount, &us, counters::passive_opens().is_ok(), way))
}

/// What decides whether processes of others are shown to us (has_pid_permissions() in fs/proc/base.c).
#[derive(Debug, Default)]
struct Us {
    /// With CAP_SYS_PTRACE.
    may_trace: bool,
    /// The group of file accesses.
    group: u32,
    groups: Vec<u32>,
}

impl Us {
    fn are_in(&self, group: u32) -> bool {
        self.group == group || self.groups.contains(&group)
    }
}

fn told(mount: &MountInfo, us: &Us, counts_arrivals: bool, way: Way) -> Finding {
    const SUBJECT: &str = "/proc";
    if !counts_arrivals {
        return Finding::weaker(
            SUBJECT,
            "PassiveOpens cannot be read: nobody tells when the last connection arrived (--settle)",
            "mount /proc without subset=pid",
        );
    }
    match hidden(mount, us) {
        Some(hidepid) if way != Way::Sidecar => Finding::weaker(
            SUBJECT,
            format!("hidepid={hidepid}: of other users' processes nothing is shown"),
            "run lameduck as the user that the server runs as, or mount /proc without hidepid",
        ),
        _ => Finding::ok(SUBJECT, "processes of all users are shown, and arrivals are counted"),
    }
}

/// What it is mounted with, if that hides anything from us (proc(5): hidepid, gid).
fn hidden<'a>(mount: &'a MountInfo, us: &Us) -> Option<&'a str> {
    let option = |name: &str| mount.super_options.get(name)?.as_deref();
    let hidepid = option("hidepid")?;
    let exempt = option("gid").and_then(|group| group.parse().ok()).unwrap_or(0);
    let is_exempt = us.may_trace || !["4", "ptraceable"].contains(&hidepid) && us.are_in(exempt);
    (!is_exempt && !["0", "off"].contains(&hidepid)).then_some(hidepid)
}

/// The version of control groups; and for `wait`, which processes are the container's by them.
pub fn control_groups(way: Way) -> Option<Finding> {
    const SUBJECT: &str = "control groups";
    let version = version(&fs::read_to_string("/proc/self/cgroup").ok()?);
    if way != Way::Wait {
        return Some(Finding::ok(SUBJECT, version));
    }
    Some(match Whose::Container.processes().len() {
        0 => Finding::weaker(
            SUBJECT,
            format!("{version}; no other process is in ours: where is the server?"),
            "call the hook in the server's own container, or name the server (--pid)",
        ),
        1 => Finding::ok(SUBJECT, format!("{version}; one other process is in ours: it is the server's")),
        others => Finding::ok(
            SUBJECT,
            format!("{version}; {others} other processes are in ours: they are the server's"),
        ),
    })
}

/// Version 2 has one hierarchy, whose number is 0 (cgroups(7)).
fn version(hierarchies: &str) -> &'static str {
    let is_of_2 = |line: &str| line.starts_with("0::");
    if hierarchies.lines().all(is_of_2) { "version 2" } else { "version 1" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proc(options: &str) -> MountInfo {
        MountInfo::from_line(&format!("22 27 0:21 / /proc rw,relatime - proc proc {options}")).unwrap()
    }

    fn is_ok(options: &str, us: &Us, way: Way) -> bool {
        told(&proc(options), us, true, way).is_ok()
    }

    #[test]
    fn what_is_hidden_is_told_to_whoever_looks_for_processes() {
        let nobody = Us { group: 65534, ..Us::default() };
        assert!(is_ok("rw", &nobody, Way::Wait) && is_ok("rw,hidepid=off", &nobody, Way::Wait));
        for hidden in ["rw,hidepid=2", "rw,hidepid=invisible,gid=5", "rw,hidepid=4"] {
            assert!(!is_ok(hidden, &nobody, Way::Wait) && !is_ok(hidden, &nobody, Way::Run), "{hidden}");
            assert!(is_ok(hidden, &nobody, Way::Sidecar), "it looks for none");
        }
        assert!(!told(&proc("rw,subset=pid"), &nobody, false, Way::Run).is_ok(), "/proc/net is not there");
    }

    #[test]
    fn from_some_nothing_is_hidden() {
        let tracer = Us { may_trace: true, group: 65534, groups: Vec::new() };
        let member = Us { may_trace: false, group: 65534, groups: vec![5] };
        assert!(is_ok("rw,hidepid=4", &tracer, Way::Wait));
        assert!(
            is_ok("rw,hidepid=2,gid=5", &member, Way::Wait)
                && !is_ok("rw,hidepid=4,gid=5", &member, Way::Wait)
        );
        assert!(is_ok("rw,hidepid=2", &Us::default(), Way::Wait), "group 0, where none is named");
    }

    #[test]
    fn a_hierarchy_with_a_number_is_of_version_1() {
        assert_eq!(version("0::/kubepods/pod1\n"), "version 2");
        assert_eq!(version("4:memory:/x\n0::/\n"), "version 1");
    }
}
