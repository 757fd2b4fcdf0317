//! While the server serves, lameduck does nothing; and a standard error that nobody reads does not hold it
//! up.
use super::support::finish;
use super::{Running, process, run, support};
use std::fs::File;
use std::io::{PipeReader, Write, pipe};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What is measured: how long lameduck must not run at all.
const IDLE: Duration = Duration::from_secs(2);

#[test]
fn while_the_server_serves_lameduck_never_wakes_up() {
    let (running, child) = Running::python(&[], "import signal; signal.pause()");
    let switches = || process::field(running.pid(), "voluntary_ctxt_switches").expect("lameduck's status");
    // Given: lameduck has come to rest.
    let mut before = switches();
    support::wait_for("lameduck to come to rest", || {
        std::thread::sleep(Duration::from_millis(100));
        let now = switches();
        (std::mem::replace(&mut before, now.clone()) == now).then_some(())
    });
    // When: time passes. Then: it has not run, and has no other thread that could have.
    std::thread::sleep(IDLE);
    assert_eq!(switches(), before);
    assert_eq!(process::field(running.pid(), "Threads").as_deref(), Some("1"));
    process::kill(child, libc::SIGKILL);
    assert_eq!(running.end(), Some(137));
}

#[test]
fn a_closed_standard_error_changes_nothing() {
    let lameduck = env!("CARGO_BIN_EXE_lameduck");
    for (command, expected) in [("exit 3", 3), ("exec no-such-command", 127)] {
        let script = format!("exec {lameduck} run -- sh -c '{command}' 2>&-");
        assert_eq!(finish(Command::new("sh").args(["-c", &script])).status.code(), Some(expected));
    }
    let script = format!("exec {lameduck} run -- no-such-server 2>&-");
    assert_eq!(finish(Command::new("sh").args(["-c", &script])).status.code(), Some(127));
}

#[test]
fn a_standard_error_whose_reader_is_gone_changes_nothing() {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    assert_eq!(said_to(writer.into()), Some(127));
}

/// A write to it makes the kernel send us PIPE, which is blocked and so comes as if it had been sent from outside.
#[test]
fn a_standard_error_whose_reader_is_gone_sends_no_signal_to_the_server() {
    let (reader, writer) = pipe().unwrap();
    let mut lameduck = run(&[], &["sh", "-c", "echo ready; exec sleep 60"]);
    lameduck.stderr(writer);
    let mut running = Running::start(lameduck);
    assert_eq!(running.line(), "ready");
    drop(reader);
    running.signal(libc::SIGTERM);
    assert_eq!(running.end(), Some(128 + libc::SIGTERM), "not by PIPE");
}

#[test]
fn a_full_standard_error_does_not_hang_lameduck() {
    let (_reader, writer) = full_pipe();
    assert_eq!(said_to(writer.into()), Some(127));
}

/// The exit status when a message goes to `stderr`.
fn said_to(stderr: Stdio) -> Option<i32> {
    let mut lameduck = run(&[], &["no-such-server"]).stderr(stderr).spawn().unwrap();
    support::end_of(&mut lameduck).code()
}

/// A pipe that takes not one byte more, and whose writers would wait.
fn full_pipe() -> (PipeReader, File) {
    let (reader, writer) = pipe().unwrap();
    let mut writer = File::from(std::os::fd::OwnedFd::from(writer));
    let flags = rustix::fs::fcntl_getfl(writer.as_fd()).unwrap();
    rustix::fs::fcntl_setfl(writer.as_fd(), flags | rustix::fs::OFlags::NONBLOCK).unwrap();
    while writer.write(&[b'.'; 4096]).is_ok() {}
    while writer.write(b".").is_ok() {}
    rustix::fs::fcntl_setfl(writer.as_fd(), flags).unwrap();
    (reader, writer)
}
