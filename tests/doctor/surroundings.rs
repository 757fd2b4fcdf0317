//! What is around the server: time, files, mounts, kernels. None of it changes what is promised.
use super::{Said, doctor, said};
use crate::faults::refusing;
use crate::support::namespaces::{permitted, unshare};
use crate::support::trial::trial;
use libtest_mimic::Trial;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const LAMEDUCK: &str = env!("CARGO_BIN_EXE_lameduck");
/// `NETLINK_SOCK_DIAG` of linux/netlink.h.
const SOCK_DIAG: i32 = 4;

pub fn trials() -> Vec<Trial> {
    let test = |name, test: fn()| trial(name, &Ok(()), test);
    let mounts = permitted(mounting().arg("true"));
    let users = if rustix::process::geteuid().is_root() {
        mounts.clone()
    } else {
        Err("becoming another user needs root".to_owned())
    };
    let old = Command::new("setarch").args(["--uname-2.6", "true"]).status();
    let old = old.is_ok_and(|status| status.success()).then_some(());
    let old = old.ok_or_else(|| "no setarch (util-linux) that speaks of an older kernel".to_owned());
    vec![
        test("a_clouds_load_balancer_and_30_s_are_told_with_what_to_set", load_balancer),
        test("the_time_that_is_left_is_told", time_left),
        test("a_termination_log_is_tried_and_left_as_it_is", termination_log),
        test("a_report_that_cannot_be_written_is_told", report),
        trial("a_read_only_mount_is_told", &mounts, read_only),
        trial("an_empty_dir_is_told_for_what_it_blocks", &mounts, empty_dir),
        trial("hidden_processes_are_told", &users, hidden),
        trial("a_queue_that_is_always_0_is_not_believed", &mounts, always_zero),
        trial("an_old_kernel_is_told", &old, old_kernel),
    ]
}

/// Whatever is said of `subject`, the promise is what it is without.
fn leaves_the_promise(page: &Said, subject: &str) {
    assert_ne!(page.of(subject).0, "ok", "{}", page.0);
    assert_eq!((page.plan(), page.promise()), (("getfd", "divert", true), "full"), "{}", page.0);
}

fn load_balancer() {
    let page = doctor(&["--gate", "divert", "--propagation", "cloud-lb", "--deadline", "30s"]);
    leaves_the_promise(&page, "grace period");
    assert_eq!(page.of("grace period").0, "missing");
    let advice = "set terminationGracePeriodSeconds: 151, LAMEDUCK_DEADLINE=151s and LAMEDUCK_TIMEOUT=146s";
    assert_eq!(page.advice("grace period"), advice);
    let page = doctor(&["--propagation", "cloud-lb", "--deadline", "151s", "--timeout", "146s"]);
    assert_eq!(page.of("grace period").0, "ok", "what is said is enough");
}

fn time_left() {
    let page = doctor(&["--gate", "divert", "--deadline", "20s"]);
    leaves_the_promise(&page, "grace period");
    assert!(page.advice("grace period").contains("LAMEDUCK_TIMEOUT=15s"), "{}", page.0);
    assert!(doctor(&[]).of("grace period").1.contains("has to wait for 30s"));
}

fn termination_log() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let path = file.path().to_str().expect("UTF-8");
    let of = |path: &str| doctor(&["--gate", "divert", "--termination-log", path]);
    let as_it_was = || file.as_file().metadata().map(|file| (file.len(), file.mtime(), file.mtime_nsec()));
    let before = as_it_was().expect("a file");
    assert_eq!(of(path).of("termination log"), ("ok", &*format!("{path} may be written")));
    assert_eq!(as_it_was().expect("a file"), before);
    fs::write(path, "the server's own").expect("a file");
    assert!(of(path).of("termination log").1.contains("has 16 bytes already"));
    assert_eq!(fs::read(path).expect("a file"), b"the server's own");
    let page = of("/no/such/file");
    leaves_the_promise(&page, "termination log");
    assert!(page.of("termination log").1.ends_with("No such file or directory (os error 2)"));
}

fn report() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("report.json");
    let of = |path: &Path| doctor(&["--gate", "divert", "--report", path.to_str().expect("UTF-8")]);
    assert_eq!(of(&file).of("report").0, "ok");
    assert!(!file.exists(), "it is not made");
    leaves_the_promise(&of(&directory.path().join("none/report.json")), "report");
}

/// In a mount namespace of its own; what follows is for a shell, whose $0 is lameduck.
fn mounting() -> Command {
    unshare(&["--pid", "--mount", "--mount-proc", "--fork"])
}

fn after(mounts: &str) -> Said {
    let script = format!("{mounts} && exec \"$@\" \"$0\" doctor --json --gate divert");
    said(mounting().args(["sh", "-ec", &script, LAMEDUCK]))
}

fn read_only() {
    let mounts = "d=$(dirname \"$0\"); mount --bind $d $d && mount -o remount,bind,ro,nosuid $d";
    let page = after(mounts);
    let (state, seen) = page.of("program");
    assert!(state == "ok" && seen.contains("ro,nosuid"), "{seen}");
    assert!(seen.starts_with(LAMEDUCK) && seen.ends_with("started from there"), "{seen}");
}

fn empty_dir() {
    // Given: lameduck in a volume, as the kubelet mounts it into a container.
    let volume = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory under target/");
    let source: PathBuf = volume.path().join("volumes/kubernetes.io~empty-dir/lameduck");
    let target = volume.path().join("lameduck");
    for directory in [&source, &target] {
        fs::create_dir_all(directory).expect("a directory");
    }
    fs::hard_link(LAMEDUCK, source.join("lameduck")).expect("a file system's own link");
    let mounts = format!(
        "mount --bind {} {t} && exec {t}/lameduck doctor --json --gate divert",
        source.display(),
        t = target.display()
    );
    let page = said(mounting().args(["sh", "-ec", &mounts]));
    leaves_the_promise(&page, "program");
    assert!(page.of("program").1.contains("it blocks `kubectl drain`"), "{}", page.0);
}

/// From root nothing is hidden.
fn hidden() {
    let mounts = "mount -t proc -o hidepid=2 proc /proc";
    assert_eq!(after(mounts).of("/proc").0, "ok");
    let page = after(&format!("{mounts} && set -- setpriv --reuid 65534 --regid 65534 --clear-groups"));
    let (state, seen) = page.of("/proc");
    assert!(state == "weaker" && seen.starts_with("hidepid="), "{seen}");
}

/// As in gVisor: no sock_diag, and rows without who waits.
fn always_zero() {
    refusing(libc::SYS_socket, &[(0, libc::AF_NETLINK), (2, SOCK_DIAG)], libc::EPROTONOSUPPORT, || {
        // A file of /proc/PID/net is looked up anew each time, and what is mounted over it lost; the directory is not. Whatever
        // port is tried, its row is there.
        let mounts = "mount -t tmpfs none /mnt && cp /proc/net/snmp /mnt && head -n 1 /proc/net/tcp >/mnt/tcp && \
                      for port in $(seq 1024 65535); do printf '0: 0100007F:%04X 00000000:0000 0A 00000000:00000000 00:00000000 \
                      00000000 0 0 1 1 0 0 100 0 0 10 0\\n' $port; done >>/mnt/tcp && mount --bind /mnt /proc/$$/net";
        let page = after(mounts);
        let (state, seen) = page.of("accept queue");
        assert!(state == "missing" && seen.contains("does not show who waits in it"), "{state} {seen}");
    });
}

fn old_kernel() {
    let page =
        said(Command::new("setarch").args(["--uname-2.6", LAMEDUCK, "doctor", "--json", "--gate", "divert"]));
    leaves_the_promise(&page, "kernel");
    assert!(page.of("kernel").1.starts_with("Linux 2.6."), "{}", page.0);
}
