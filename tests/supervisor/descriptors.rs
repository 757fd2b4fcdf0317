//! Listeners that are passed on.
use super::run;
use super::support::finish;
use lameduck::supervisor::{Child, Launch};
use rustix::process::{WaitId, WaitIdOptions, waitid};
use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::Command;

#[test]
fn listeners_arrive_as_descriptors_3_and_up_with_the_servers_own_pid() {
    // Given: two listening sockets, in whatever numbers this process has free.
    let listeners = [TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap()];
    let ports = listeners.each_ref().map(|listener| listener.local_addr().unwrap().port());
    let said = tempfile::NamedTempFile::new().unwrap();

    // When: a server is started with them, as the drain's capture does.
    let show = "
import os, socket, sys
names = {n: v for n, v in sorted(os.environ.items()) if n.startswith('LISTEN_')}
mine = names.pop('LISTEN_PID') == str(os.getpid())
ports = [socket.socket(fileno=fd).getsockname()[1] for fd in (3, 4)]
open(sys.argv[1], 'w').write(f'{mine} {names} {ports}')";
    let command = ["python3", "-c", show, said.path().to_str().unwrap()].map(Into::into).to_vec();
    let launch = Launch { command, listeners: listeners.map(OwnedFd::from).into() };
    let child = Child::spawn(&launch).unwrap();
    waitid(WaitId::Pid(child.pid()), WaitIdOptions::EXITED).unwrap();

    // Then: it has both, in their order, and its own process id.
    let names = "{'LISTEN_FDNAMES': 'unknown:unknown', 'LISTEN_FDS': '2'}";
    let expected = format!("True {names} [{}, {}]", ports[0], ports[1]);
    assert_eq!(fs::read_to_string(said.path()).unwrap(), expected);
}

#[test]
fn listeners_that_systemd_passed_to_lameduck_are_the_servers() {
    // Given: socket activation; the shell's process id becomes lameduck's.
    let activate = "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web exec \"$@\"";
    let show = "import os; print(os.environ['LISTEN_PID'] == str(os.getpid()), os.environ['LISTEN_FDNAMES'])";
    let lameduck = env!("CARGO_BIN_EXE_lameduck");
    let mut command = Command::new("sh");
    command.args(["-c", activate, "sh", lameduck, "run", "--", "python3", "-c", show]);
    assert_eq!(String::from_utf8(finish(&mut command).stdout).unwrap(), "True web\n");
    // And: a process id that is not lameduck's stays as it is.
    let output = finish(run(&[], &["sh", "-c", "echo $LISTEN_PID"]).env("LISTEN_PID", "1"));
    assert_eq!(output.stdout, b"1\n");
}
