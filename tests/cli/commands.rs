//! Commands that cannot be started, and one that runs although something else is wrong.
use super::{complaint, lameduck};
use std::fs;
use std::process::Command;

/// `lameduck run` in a directory that has a `directory` and a `file` that is not executable. Without capture, so that
/// where `pidfd_getfd` is refused nothing is said about it.
fn run(options: &[&str], command: &[&str]) -> String {
    let here = tempfile::tempdir().unwrap();
    fs::create_dir(here.path().join("directory")).unwrap();
    fs::write(here.path().join("file"), "text").unwrap();
    let mut lameduck: Command = lameduck(&["run", "--capture", "none"]);
    complaint(lameduck.args(options).arg("--").args(command).current_dir(here.path()))
}

#[test]
fn given_no_command() {
    insta::assert_snapshot!(run(&[], &[]), @"
    exit status: 125
    lameduck: the following required arguments were not provided:
      <COMMAND>...

    Usage: lameduck run [OPTIONS] [--] <COMMAND> [ARGUMENT]...

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(run(&[], &[""]), @"
    exit status: 127
    lameduck: the command is empty: give the server's program and its arguments after --
    ");
}

#[test]
fn given_a_command_that_cannot_be_executed_then_the_exit_status_is_126() {
    insta::assert_snapshot!(run(&[], &["./directory"]), @r#"
    exit status: 126
    lameduck: cannot execute "./directory": it is a directory; give the program in it
    "#);
    insta::assert_snapshot!(run(&[], &["./file"]), @r#"
    exit status: 126
    lameduck: cannot execute "./file": it is not executable; chmod +x it
    "#);
}

#[test]
fn given_a_command_that_cannot_be_found_then_the_exit_status_is_127() {
    insta::assert_snapshot!(run(&[], &["./nothing"]), @r#"
    exit status: 127
    lameduck: cannot find "./nothing": no such file; check the path and the working directory
    "#);
    let mut command = lameduck(&["run", "--capture=none", "no-such-server"]);
    insta::assert_snapshot!(complaint(command.env("PATH", "/nowhere:/bin")), @r#"
    exit status: 127
    lameduck: cannot find "no-such-server" on PATH "/nowhere:/bin": install it, or give its full path
    "#);
}

#[test]
fn given_a_report_that_cannot_be_written_then_the_server_runs_and_its_status_is_returned() {
    insta::assert_snapshot!(run(&["--report", "nowhere/report.json"], &["sh", "-c", "exit 3"]), @"
    exit status: 3
    lameduck: warning: cannot write the report (--report) error=No such file or directory (os error 2) file=nowhere/report.json
    ");
}

#[test]
fn given_options_after_the_command_then_they_are_the_commands_own() {
    let shell = ["sh", "-c", r#"echo "$@" >&2"#, "sh", "--timeout", "soon", "--", "--help"];
    insta::assert_snapshot!(complaint(lameduck(&["run", "--capture=none"]).args(shell)), @"
    exit status: 0
    --timeout soon -- --help
    ");
}
