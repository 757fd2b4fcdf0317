//! Where it cannot be had, and where it was not asked for: the server runs all the same, or lameduck says why not.
use super::probe::{said, words};
use crate::faults::refusing;
use crate::support::trial::trial;
use crate::support::{finish, lameduck};
use libtest_mimic::Trial;
use std::process::{Command, Output};

pub fn trials() -> Vec<Trial> {
    let test = |name, test: fn()| trial(name, &Ok(()), test);
    vec![
        test("auto_takes_bind_where_getfd_is_refused_and_no_new_privs_is_set", || {
            let output = without_getfd(|| finish(&mut run(&["run"], "any_listener")));
            assert_eq!(said(&output), "held hello\n");
        }),
        test("no_new_privs_is_set_where_bind_was_asked_for_and_nowhere_else", no_new_privs),
        test("auto_takes_getfd_where_it_is_permitted", || {
            assert_eq!(said(&finish(&mut run(&["run"], "any_listener"))), "not held hello\n");
        }),
        test("without_a_gate_nothing_is_announced", || {
            let output = without_getfd(|| finish(&mut run(&["run", "--gate", "none"], "any_listener")));
            assert_eq!(said(&output), "not held hello\n");
        }),
        test("under_another_listener_auto_goes_on_without", || {
            let output = without_getfd(|| finish(&mut inside_another(&["run"])));
            assert_eq!(said(&output), "not held hello\n");
            let log = String::from_utf8_lossy(&output.stderr);
            assert_eq!(log.matches("is refused here, too").count(), 1, "{log}");
        }),
        test("on_a_kernel_before_5_9_auto_goes_on_without", || {
            let output = before_5_9(|| finish(&mut run(&["run"], "any_listener")));
            assert_eq!(said(&output), "not held hello\n");
            let log = String::from_utf8_lossy(&output.stderr);
            assert_eq!(log.matches("Linux 5.9 can").count(), 1, "{log}");
        }),
        test("on_a_kernel_before_5_9_what_was_asked_for_is_refused", || {
            let output = before_5_9(|| finish(&mut run(&["run", "--capture", "bind"], "any_listener")));
            assert_eq!(output.status.code(), Some(125));
            let log = String::from_utf8_lossy(&output.stderr);
            assert!(log.contains("--capture bind") && log.contains("Linux 5.9 can"), "{log}");
            assert!(output.stdout.is_empty(), "the server was started");
        }),
        test("under_another_listener_what_was_asked_for_is_refused", || {
            let output = finish(&mut inside_another(&["run", "--capture", "bind"]));
            assert_eq!(output.status.code(), Some(125));
            let log = String::from_utf8_lossy(&output.stderr);
            assert!(
                log.contains("--capture bind: a seccomp filter that announces binds is refused"),
                "{log}"
            );
            assert!(output.stdout.is_empty(), "the server was started");
        }),
        test("a_gate_that_can_only_join_is_refused_where_programs_are", || {
            let attach = [(1, libc::SOL_SOCKET), (2, libc::SO_ATTACH_REUSEPORT_CBPF)];
            let mut joining = run(&["run", "--capture", "none", "--gate", "divert"], "any_listener");
            let output = refusing(libc::SYS_setsockopt, &attach, libc::EPERM, || finish(&mut joining));
            assert_eq!(output.status.code(), Some(125));
            let log = String::from_utf8_lossy(&output.stderr);
            assert!(
                log.contains("--gate divert needs to hold the server's listeners, or to join them")
                    && log.contains("leave --capture none out"),
                "{log}"
            );
            assert!(output.stdout.is_empty(), "the server was started");
        }),
        test("a_command_that_cannot_be_found_is_told_as_ever", || {
            let output = finish(lameduck().args(["run", "--capture", "bind", "--", "no-such-program"]));
            assert_eq!(output.status.code(), Some(127));
        }),
    ]
}

/// As under containerd's RuntimeDefault profile. This sets no_new_privs, as Kubernetes' restricted pods do.
pub fn without_getfd<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    refusing(libc::SYS_pidfd_getfd, &[], libc::EPERM, body)
}

/// As on Linux 5.0 to 5.4: calls can be announced, but nothing can be put in place, and no call be let go on
/// (SECCOMP_IOCTL_NOTIF_ADDFD is of 5.9, SECCOMP_USER_NOTIF_FLAG_CONTINUE of 5.5).
fn before_5_9<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    let ioctl_fails =
        |request: libc::Ioctl| [(1, u32::try_from(request).expect("32 bits, as every ioctl").cast_signed())];
    refusing(libc::SYS_pidfd_getfd, &[], libc::ENOSYS, || {
        refusing(libc::SYS_ioctl, &ioctl_fails(libc::SECCOMP_IOCTL_NOTIF_ADDFD), libc::EINVAL, || {
            refusing(libc::SYS_ioctl, &ioctl_fails(libc::SECCOMP_IOCTL_NOTIF_SEND), libc::EINVAL, body)
        })
    })
}

fn run(options: &[&str], case: &str) -> Command {
    let mut command = lameduck();
    command.args(options).arg("--").args(words(case));
    command
}

/// One lameduck under another, which listens for binds already.
fn inside_another(options: &[&str]) -> Command {
    let mut command = lameduck();
    command.args(["run", "--capture", "bind", "--", env!("CARGO_BIN_EXE_lameduck")]);
    command.args(options).arg("--").args(words("any_listener"));
    command
}

fn no_new_privs() {
    let says = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let words = ["grep", "NoNewPrivs", "/proc/self/status"];
    let own = finish(Command::new(words[0]).args(&words[1..]));
    let plain = finish(lameduck().args(["run", "--"]).args(words));
    assert_eq!(says(&plain), says(&own));
    let asked = finish(lameduck().args(["run", "--capture", "bind", "--"]).args(words));
    assert_eq!(says(&asked), "NoNewPrivs:\t1\n");
}
