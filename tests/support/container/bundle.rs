//! A container's config.json (OCI runtime specification 1.0), as containerd writes one for Kubernetes.
use super::confinement::{Confinement, Proc};
use super::{LAMEDUCK, runtime};
use serde_json::{Value, json};
use std::path::Path;

/// Masked and read-only paths: `populateDefaultUnixSpec()` of containerd's pkg/oci/spec.go. There is no /sys.
const MASKED: [&str; 9] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
];
const READ_ONLY: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// The configuration of one that runs this command; `message` becomes its /dev/termination-log.
pub fn config(
    confinement: Confinement,
    root: &Path,
    words: &[&str],
    environment: &[(&str, &str)],
    message: &Path,
) -> Value {
    let user = confinement.user.number();
    let capabilities = confinement.privileges.capabilities();
    let path = ("PATH", "/usr/local/bin:/usr/bin:/bin");
    let environment = environment.iter().chain([&path]).map(|(name, value)| format!("{name}={value}"));
    let network = (confinement.proc == Proc::NetMasked).then_some("/proc/net");
    let masked: Vec<&str> = MASKED.into_iter().chain(network).collect();
    let mut config = json!({
        "ociVersion": "1.0.2",
        "hostname": "restricted",
        "process": {
            "args": words,
            "env": environment.collect::<Vec<_>>(),
            "cwd": "/",
            "user": {"uid": user, "gid": user},
            "capabilities": {"bounding": capabilities, "effective": capabilities, "permitted": capabilities},
            "noNewPrivileges": confinement.privileges.are_final(),
        },
        "root": {"path": root, "readonly": true},
        "mounts": mounts(confinement.proc, message),
        "linux": {
            "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}],
            "maskedPaths": masked,
            "readonlyPaths": READ_ONLY,
        },
    });
    // Who is not root keeps a capability across exec as an ambient one only (capabilities(7)).
    if !capabilities.is_empty() && user != 0 && confinement.privileges.are_final() {
        for set in ["inheritable", "ambient"] {
            config["process"]["capabilities"][set] = json!(capabilities);
        }
    }
    let linux = &mut config["linux"];
    if let Some(profile) = confinement.profile.rules() {
        linux["seccomp"] = profile;
    }
    if confinement.rootless {
        linux["namespaces"].as_array_mut().expect("an array").push(json!({"type": "user"}));
        let owner = runtime::owner(true);
        for mappings in ["uidMappings", "gidMappings"] {
            linux[mappings] = json!([{"containerID": user, "hostID": owner, "size": 1}]);
        }
    }
    config
}

fn mounts(proc: Proc, message: &Path) -> Value {
    let mut of_proc = vec!["nosuid", "noexec", "nodev"];
    of_proc.extend((proc == Proc::HidePid).then_some("hidepid=2"));
    let program = env!("CARGO_BIN_EXE_lameduck");
    json!([
        {"destination": "/proc", "type": "proc", "source": "proc", "options": of_proc},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=64k"]},
        {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=1777"]},
        {"destination": LAMEDUCK, "type": "bind", "source": program, "options": ["bind", "ro"]},
        {"destination": "/dev/termination-log", "type": "bind", "source": message, "options": ["bind", "rw"]},
    ])
}
