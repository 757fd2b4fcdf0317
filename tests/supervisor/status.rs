//! The one line that is said when there is no server to have an exit status.
use super::run;
use super::support::finish;
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use tempfile::TempDir;

#[test]
fn a_command_that_is_nowhere_is_127() {
    assert_snapshot!(refused(&["no-such-server"]), @r#"127: lameduck: cannot find "no-such-server" on PATH "/usr/bin:/bin": install it, or give its full path"#);
    assert_snapshot!(refused(&["./no/such/server"]), @r#"127: lameduck: cannot find "./no/such/server": no such file; check the path and the working directory"#);
    assert_snapshot!(refused(&[""]), @"127: lameduck: the command is empty: give the server's program and its arguments after --");
}

#[test]
fn a_command_that_is_no_program_is_126() {
    let files = Files::new();
    files.write("data", b"text", 0o644);
    files.write("garbage", &[0; 64], 0o755);
    files.write("script", b"#!/no/such/python -u\n", 0o755);
    assert_snapshot!(files.refused("./."), @r#"126: lameduck: cannot execute "./.": it is a directory; give the program in it"#);
    assert_snapshot!(files.refused("./data"), @r#"126: lameduck: cannot execute "./data": it is not executable; chmod +x it"#);
    assert_snapshot!(files.refused("data/below"), @r#"127: lameduck: cannot find "data/below": no such file; check the path and the working directory"#);
    assert_snapshot!(files.refused("./garbage"), @r#"126: lameduck: cannot execute "./garbage": unknown format; use a build for this machine"#);
    assert_snapshot!(files.refused("./script"), @r#"126: lameduck: cannot execute "./script": its first line asks for "/no/such/python", which is not there; correct it"#);
}

#[test]
fn a_script_without_a_shebang_is_run_by_the_shell_and_the_log_says_so() {
    let files = Files::new();
    files.write("server", b"echo \"$0 $*\"; exit 7\n", 0o755);
    files.write("-server", b"exit 8\n", 0o755);
    let run_here =
        |path: &str, words: &[&str]| finish(run(&[], words).env("PATH", path).current_dir(files.0.path()));
    for (path, name) in [("/bin", "./server"), (".:/bin", "server")] {
        let output = run_here(path, &[name, "two words"]);
        assert_eq!((output.status.code(), output.stdout), (Some(7), b"./server two words\n".to_vec()));
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!(log.matches("no #! line: run by /bin/sh").count(), 1, "{log}");
    }
    assert_eq!(run_here("", &["-server"]).status.code(), Some(8), "its name is no option");
}

#[test]
fn path_is_searched_past_what_cannot_be_executed() {
    let files = Files::new();
    fs::create_dir_all(files.0.path().join("a/server")).unwrap();
    fs::create_dir(files.0.path().join("b")).unwrap();
    files.write("b/server", b"#!/bin/sh\nexit 7\n", 0o755);
    let outcome = finish(run(&[], &["server"]).env("PATH", "a:b").current_dir(files.0.path()));
    assert_eq!(outcome.status.code(), Some(7));
    assert_snapshot!(said(run(&[], &["server"]).env("PATH", "a:c").current_dir(files.0.path())), @r#"126: lameduck: cannot execute "a/server": it is a directory; give the program in it"#);
}

#[test]
fn an_unusable_command_line_is_125() {
    assert_snapshot!(said(super::lameduck().arg("run")), @"
    125: lameduck: the following required arguments were not provided:
      <COMMAND>...

    Usage: lameduck run [OPTIONS] [--] <COMMAND> [ARGUMENT]...

    For more information, try '--help'.
    ");
    assert_snapshot!(said(&mut run(&["--stop-signal", "TREM"], &["true"])), @r#"
    125: lameduck: invalid value 'TREM' for '--stop-signal <SIGNAL>': there is no signal "TREM": give a name such as TERM, SIGQUIT or RTMIN+3, or a number from 1 to 64

    For more information, try '--help'.
    "#);
    assert_snapshot!(said(&mut run(&["--stop-signal", "KILL"], &["true"])), @"
    125: lameduck: invalid value 'KILL' for '--stop-signal <SIGNAL>': KILL never reaches lameduck as a request: give one such as TERM, INT, QUIT or RTMIN+3

    For more information, try '--help'.
    ");
    assert_snapshot!(said(run(&[], &["true"]).env("LAMEDUCK_FORWARD_SIGNAL", "TERM:QUIT")), @"
    125: lameduck: invalid value 'TERM:QUIT' for '--forward-signal <SIGNAL=SIGNAL>': a translation is two signals with = between them, such as TERM=QUIT

    For more information, try '--help'.

    The value is that of the environment variable LAMEDUCK_FORWARD_SIGNAL.
    ");
}

/// The exit status and all that is said when lameduck does not start `command`.
fn refused(command: &[&str]) -> String {
    said(run(&[], command).env("PATH", "/usr/bin:/bin"))
}

fn said(command: &mut Command) -> String {
    let output = finish(command);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    format!("{}: {}", output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr))
}

/// A directory with files to execute.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, content: &[u8], mode: u32) {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn refused(&self, name: &str) -> String {
        said(run(&[], &[name]).env("PATH", "/usr/bin:/bin").current_dir(self.0.path()))
    }
}
