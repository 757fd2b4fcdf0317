//! `deploy/seccomp/`: the profiles permit what lameduck needs, and else what RuntimeDefault does. What follows from it in a container
//! is in `matrix`.
use crate::support::container::confinement::PROFILES;
use crate::support::trial::trial;
use libtest_mimic::Trial;
use serde_json::Value;
use std::collections::HashSet;

/// What RuntimeDefault refuses to a pod without capabilities, and so does ours.
const REFUSED: [&str; 16] = [
    "add_key",
    "bpf",
    "delete_module",
    "init_module",
    "io_uring_setup",
    "kcmp",
    "kexec_load",
    "keyctl",
    "mount",
    "open_by_handle_at",
    "perf_event_open",
    "pivot_root",
    "reboot",
    "setns",
    "unshare",
    "userfaultfd",
];

pub fn trials() -> Vec<Trial> {
    vec![trial("the_profiles_permit_pidfd_getfd_and_refuse_what_runtime_default_refuses", &Ok(()), permits)]
}

fn permits() {
    for (text, architecture) in PROFILES {
        let profile: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(profile["defaultAction"], "SCMP_ACT_ERRNO");
        let architectures = profile["architectures"].as_array().expect("architectures");
        assert!(architectures.contains(&architecture.into()), "{architectures:?}");
        let rules = profile["syscalls"].as_array().expect("rules");
        let allowed = rules.iter().filter(|rule| rule["action"] == "SCMP_ACT_ALLOW");
        let unconditional = allowed.clone().filter(|rule| rule["args"].as_array().is_none_or(Vec::is_empty));
        let names = |rule: &Value| rule["names"].as_array().expect("names").clone();
        let unconditional: HashSet<Value> = unconditional.flat_map(names).collect();
        // What lameduck itself needs beyond what any server does.
        for needed in ["pidfd_getfd", "pidfd_open", "seccomp", "signalfd4", "setfsuid"] {
            assert!(unconditional.contains(&needed.into()), "{architecture}: {needed}");
        }
        let allowed: HashSet<Value> = allowed.flat_map(names).collect();
        for refused in REFUSED {
            assert!(!allowed.contains(&refused.into()), "{architecture}: {refused}");
        }
    }
}
