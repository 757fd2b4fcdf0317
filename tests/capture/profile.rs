//! `deploy/seccomp/`: the profile for pods, in a container that runc makes of it. With it listeners are held by getfd; with
//! what it adds taken out again, which is containerd's own RuntimeDefault, by bind.
use super::container::{self, Container};
use super::restricted::check;
use crate::support::ports::free_port;
use crate::support::python;
use crate::support::trial::trial;
use libtest_mimic::Trial;
use serde_json::Value;
use std::collections::HashSet;

const AMD64: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/seccomp/lameduck-amd64.json"));
const ARM64: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/seccomp/lameduck-arm64.json"));

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
    let needs = container::needs().and(python::usable_by_others());
    vec![
        trial("the_profiles_permit_pidfd_getfd_and_refuse_what_runtime_default_refuses", &Ok(()), permits),
        trial("a_server_under_the_profile_is_gated_by_getfd", &needs, || {
            stopped_in_a_container(&ours(), "getfd");
        }),
        trial("a_server_under_runtime_default_is_gated_by_bind", &needs, || {
            let mut runtime_default = ours();
            let rules = runtime_default["syscalls"].as_array_mut().expect("rules");
            let before = rules.len();
            rules.retain(|rule| rule["names"] != serde_json::json!(["pidfd_getfd"]));
            assert_eq!(before - rules.len(), 1, "the one rule that ours adds");
            stopped_in_a_container(&runtime_default, "bind");
        }),
    ]
}

/// That of `deploy/seccomp/` for this machine.
pub fn ours() -> Value {
    let text = if cfg!(target_arch = "aarch64") { ARM64 } else { AMD64 };
    serde_json::from_str(text).expect("JSON")
}

fn permits() {
    for (text, architecture) in [(AMD64, "SCMP_ARCH_X86_64"), (ARM64, "SCMP_ARCH_AARCH64")] {
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

fn stopped_in_a_container(profile: &Value, capture: &str) {
    let port = free_port();
    let (gunicorn, bind) = (python::program("gunicorn"), format!("127.0.0.1:{port}"));
    let words = [
        &[env!("CARGO_BIN_EXE_lameduck"), "run", "--", gunicorn.to_str().expect("UTF-8")][..],
        &["--no-control-socket", "--worker-class=gthread", "--workers=2", "--threads=8"],
        &["--chdir", python::SERVERS, "--bind", &bind, "app:application"],
    ];
    let container = Container::new(&words.concat(), &[], profile);
    let mut server = container.server(port).start();
    check(&mut server, 0, capture);
}
