//! Each environment is made for real: a system call refused by seccomp, a namespace, a user.
use super::{Said, doctor, said};
use crate::faults::refusing;
use crate::support::PATIENCE;
use crate::support::namespaces::{permitted, unshare};
use crate::support::process::Mark;
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::{finish, lameduck};
use libtest_mimic::Trial;
use serde_json::Value;
use std::fs;
use std::process::Command;

/// `NETLINK_SOCK_DIAG` of linux/netlink.h.
const SOCK_DIAG: i32 = 4;

pub fn trials() -> Vec<Trial> {
    let test = |name, test: fn()| trial(name, &Ok(()), test);
    let in_namespaces = |name, test: fn()| trial(name, &permitted(unshared().arg("true")), test);
    vec![
        test("where_nothing_is_refused_everything_works_and_nothing_is_left_behind", nothing_refused),
        test("where_getfd_is_refused_new_connections_are_kept_by_bind", without_getfd),
        test("where_getfd_and_notification_are_refused_nothing_is_held", without_getfd_and_notification),
        test("where_sock_diag_is_refused_proc_shows_the_queue", without_sock_diag),
        test("where_programs_are_refused_there_is_no_gate", without_programs),
        test("where_the_mark_is_refused_nothing_is_parked", without_marks),
        in_namespaces("process_1_is_told", process_1),
        in_namespaces("where_proc_and_sock_diag_are_missing_nothing_is_promised", without_proc),
    ]
}

fn nothing_refused() {
    let mark = Mark::new();
    let mut command = lameduck();
    let page = said(command.env("LAMEDUCK_TEST_MARK", mark.value()).args(["doctor", "--json"]));
    assert_eq!(page.troubles(), Vec::<&str>::new(), "{}", page.0);
    assert_eq!((page.plan().0, page.plan().2, page.promise()), ("getfd", true, "full"));
    assert_eq!(mark.processes(), Vec::<u32>::new());
    is_what_run_shows(&page);
}

fn without_getfd() {
    refusing(libc::SYS_pidfd_getfd, &[], libc::EPERM, || {
        let page = doctor(&["--gate", "divert"]);
        assert_eq!(page.troubles(), ["pidfd_getfd"]);
        assert_eq!(
            page.of("pidfd_getfd").1,
            "a listener of a child of ours: Operation not permitted (os error 1)"
        );
        assert_eq!((page.plan(), page.promise()), (("bind", "divert", false), "weaker"));
        is_what_run_shows(&page);
    });
}

fn without_getfd_and_notification() {
    refusing(libc::SYS_pidfd_getfd, &[], libc::EPERM, || {
        refusing(libc::SYS_seccomp, &[], libc::EPERM, || {
            let page = doctor(&["--gate", "divert"]);
            assert_eq!(page.troubles(), ["pidfd_getfd", "seccomp notification"]);
            assert_eq!((page.plan(), page.promise()), (("none", "none", false), "weaker"));
            is_what_run_shows(&page);
        });
    });
}

fn without_sock_diag() {
    refusing(libc::SYS_socket, &[(0, libc::AF_NETLINK), (2, SOCK_DIAG)], libc::EACCES, || {
        let page = doctor(&["--gate", "divert"]);
        assert_eq!(page.troubles(), ["accept queue", "open connections", "unix sockets"]);
        assert_eq!(page.of("accept queue"), ("weaker", "sock_diag is refused, /proc/net/tcp shows it"));
        assert_eq!(page.of("open connections").0, "weaker");
        assert_eq!((page.plan(), page.promise()), (("getfd", "divert", false), "weaker"));
        is_what_run_shows(&page);
    });
}

fn without_programs() {
    let option = [(1, libc::SOL_SOCKET), (2, libc::SO_ATTACH_REUSEPORT_CBPF)];
    refusing(libc::SYS_setsockopt, &option, libc::EPERM, || {
        let page = doctor(&["--gate", "divert"]);
        assert_eq!(page.troubles(), ["gate divert"]);
        assert_eq!((page.plan(), page.promise()), (("getfd", "none", true), "weaker"));
        is_what_run_shows(&page);
    });
}

fn without_marks() {
    let option = [(1, libc::SOL_SOCKET), (2, libc::SO_RCVLOWAT)];
    refusing(libc::SYS_setsockopt, &option, libc::EPERM, || {
        let page = doctor(&["--gate", "divert"]);
        assert_eq!(page.troubles(), ["park"]);
        assert_eq!((page.plan(), page.promise()), (("getfd", "divert", false), "weaker"));
    });
}

/// A server that is stopped here is held and gated in just that way.
fn is_what_run_shows(page: &Said) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let path = file.path().to_str().expect("UTF-8").to_owned();
    let (capture, gate, _) = page.plan();
    // Where the gate is chosen by lameduck itself, it was asked for nothing above.
    let wanted = if gate == "refuse" { "auto" } else { "divert" };
    let options = ["--report", &path, "--gate", wanted];
    let mut server = Server::gunicorn("sync", &["--workers", "1"]).under_lameduck(&options).start();
    server.get("/");
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    let report: Value = serde_json::from_slice(&fs::read(&path).expect("the report")).expect("JSON");
    let socket = &report["sockets"][0];
    assert_eq!((&socket["capture"], &socket["gate"]), (&capture.into(), &gate.into()), "{report}");
}

/// In a mount namespace of its own, in which there is a process 1 of its own too.
fn unshared() -> Command {
    unshare(&["--pid", "--mount", "--fork"])
}

const LAMEDUCK: &str = env!("CARGO_BIN_EXE_lameduck");

fn process_1() {
    let page = said(unshared().args(["--mount-proc", LAMEDUCK, "doctor", "--json"]));
    assert_eq!(page.of("orphans"), ("ok", "process 1: they come to lameduck"));
    assert_eq!(page.plan().0, "getfd");
}

fn without_proc() {
    refusing(libc::SYS_socket, &[(0, libc::AF_NETLINK), (2, SOCK_DIAG)], libc::EACCES, || {
        let hidden = "mount -t tmpfs none /proc && exec \"$0\" doctor --json --gate divert";
        let page = said(unshared().args(["sh", "-c", hidden, LAMEDUCK]));
        assert_eq!(page.of("accept queue"), ("missing", "nothing does not show who waits in it"));
        assert_eq!(page.of("confinement"), ("missing", "/proc is not mounted"));
        assert_eq!((page.plan(), page.promise()), (("none", "none", false), "nothing"));
    });
    assert!(finish(lameduck().arg("--version")).status.success(), "the test's own /proc is as it was");
}
