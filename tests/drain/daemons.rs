//! Servers that go to the background: lameduck ends with the command, as every init does, and says what to do.
use crate::support::namespaces::{permitted, unshare};
use crate::support::ports::free_port;
use crate::support::process::{self, Mark};
use crate::support::trial::trial;
use crate::support::{finish, lameduck, python, wait_for, without_settings};
use libtest_mimic::Trial;
use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const SAID: &str = "Run a server in the foreground";
const AS_PID_1: [&str; 3] = ["--pid", "--fork", "--mount-proc"];

pub fn trials() -> Vec<Trial> {
    let nginx = match Command::new("nginx").arg("-v").output() {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("nginx: {error}")),
    };
    let namespaces = permitted(unshare(&AS_PID_1).arg("true"));
    vec![
        trial("a_gunicorn_that_goes_to_the_background_is_told_to_stay", &Ok(()), gunicorn),
        trial("an_nginx_that_goes_to_the_background_is_left_alone_and_told_to_stay", &nginx, nginx_goes),
        trial("as_pid_1_whoever_goes_to_the_background_ends_with_lameduck", &namespaces, as_pid_1),
        trial("a_command_that_leaves_nobody_is_not_told_to_stay", &Ok(()), nobody),
    ]
}

/// `gunicorn --daemon` at this port: its parent ends before it binds.
fn daemon(mut command: Command, port: u16) -> Command {
    let bind = format!("127.0.0.1:{port}");
    command.arg(python::program("gunicorn")).args(["--daemon", "--no-control-socket", "--chdir"]);
    command.args([python::SERVERS, "--bind", &bind, "app:application"]);
    command
}

fn run() -> Command {
    let mut command = lameduck();
    command.args(["run", "--"]);
    command
}

fn told(output: &Output) {
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), log.matches(SAID).count()), (Some(0), 1), "{log}");
}

/// What a finished command left behind is ended with this.
fn finished(command: &mut Command) -> (Output, Mark) {
    // finish() has its own mark, which a clean environment hides.
    let mark = Mark::new();
    let marked = format!("{}={}", Mark::NAME, mark.value());
    let program = command.get_program().to_owned();
    let mut wrapped = without_settings(Command::new("env"));
    wrapped.arg(marked).arg(program).args(command.get_args());
    (finish(&mut wrapped), mark)
}

fn gunicorn() {
    let port = free_port();
    let (output, mark) = finished(&mut daemon(run(), port));
    told(&output);
    // Not as PID 1 it lives on, and serves: lameduck has harmed nobody.
    wait_for("the daemon", || TcpStream::connect(("127.0.0.1", port)).ok());
    assert!(!mark.processes().is_empty());
}

fn nginx_goes() {
    let port = free_port();
    let home = TempDir::new().expect("a directory");
    let configuration = home.path().join("nginx.conf");
    fs::write(&configuration, text(port, home.path())).expect("a file");
    let mut command = run();
    command.args(["nginx", "-e", "stderr", "-c"]).arg(&configuration);
    let (output, _mark) = finished(&mut command);
    told(&output);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(log.contains("another process still listens here: leaving the listener to it"), "{log}");
    TcpStream::connect(("127.0.0.1", port)).expect("it serves on");
    // Its title stands where its environment did: no mark is found there.
    let master = fs::read_to_string(home.path().join("pid")).expect("its file");
    let master: u32 = master.trim().parse().expect("a process id");
    process::kill_if_there(master, libc::SIGQUIT);
    wait_for("its end", || process::state(master).is_none_or(|state| state == 'Z').then_some(()));
}

fn text(port: u16, home: &Path) -> String {
    let pid = home.join("pid");
    format!(
        "daemon on;\npid {};\nevents {{}}\nhttp {{ access_log off; server {{ listen 127.0.0.1:{port}; return 200 ok; }} }}\n",
        pid.display()
    )
}

fn as_pid_1() {
    let port = free_port();
    let mut command = without_settings(unshare(&AS_PID_1));
    command.arg(env!("CARGO_BIN_EXE_lameduck")).args(["run", "--"]);
    let (output, mark) = finished(&mut daemon(command, port));
    told(&output);
    wait_for("the end of all", || mark.processes().is_empty().then_some(()));
}

fn nobody() {
    let output = finish(run().arg("true"));
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), log.contains(SAID)), (Some(0), false), "{log}");
}
