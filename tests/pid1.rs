//! `lameduck run` as PID 1, as in a container: in a PID namespace of its own.
mod support;

use libtest_mimic::{Arguments, Trial};
use std::process::{Command, Output, Stdio};
use support::namespaces::{permitted, unshare};
use support::process::{self, Mark};
use support::trial::trial;
use support::{end_of, finish, wait_for};

fn main() {
    let needs = permitted(namespace().arg("true"));
    let trials: Vec<Trial> = vec![
        trial("the_exit_status_is_the_servers", &needs, the_exit_status_is_the_servers),
        trial("a_stop_signal_reaches_the_server", &needs, a_stop_signal_reaches_the_server),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// `unshare` into a PID namespace whose first process is what follows.
fn namespace() -> Command {
    unshare(&["--pid", "--fork", "--mount-proc"])
}

fn as_pid_1(command: &[&str]) -> Command {
    let mut unshare = namespace();
    unshare.args([env!("CARGO_BIN_EXE_lameduck"), "run", "--"]).args(command);
    unshare
}

fn output(command: &[&str]) -> Output {
    finish(&mut as_pid_1(command))
}

fn the_exit_status_is_the_servers() {
    assert_eq!(output(&["sh", "-c", "exit 42"]).status.code(), Some(42));
    assert_eq!(output(&["sh", "-c", "kill -KILL $$"]).status.code(), Some(137));
    assert_eq!(output(&["no-such-server"]).status.code(), Some(127));
}

fn a_stop_signal_reaches_the_server() {
    // Given: PID 1, for whom the kernel drops every signal that it neither handles nor blocks.
    let mark = Mark::new();
    let mut command =
        as_pid_1(&["sh", "-c", "trap 'exit 7' TERM; trap 'exit 8' INT; while :; do sleep 0.01; done"]);
    let mut unshare = command.env(Mark::NAME, mark.value()).stdout(Stdio::null()).spawn().expect("unshare");
    let lameduck = wait_for("lameduck and its server", || {
        let lameduck = process::all().find(|pid| process::parent(*pid) == Some(unshare.id()))?;
        let mut its_children = process::all().filter(|pid| process::parent(*pid) == Some(lameduck));
        let server = its_children.next()?;
        // The traps are set: TERM and INT are caught.
        let caught = u64::from_str_radix(&process::field(server, "SigCgt")?, 16).ok()?;
        (caught & (1 << (libc::SIGTERM - 1)) != 0 && caught & (1 << (libc::SIGINT - 1)) != 0)
            .then_some(lameduck)
    });
    // When: the container is stopped.
    process::kill(lameduck, libc::SIGTERM);
    // Then: the server has handled it.
    let status = end_of(&mut unshare);
    assert_eq!(status.code(), Some(7));
}
