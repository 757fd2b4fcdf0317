//! The hook, called as the kubelet does: all that it says is read to the end of its streams, by whoever has them.
use crate::support::process::{self, Mark};
use crate::support::server::Server;
use crate::support::{PATIENCE, lameduck, wait_for};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::thread::{JoinHandle, spawn};

/// `lameduck wait` for this server, with the server's mark, so that what is left of it is ended with the server.
pub fn hook_of(server: &Server, options: &[&str]) -> Command {
    let mut hook = lameduck();
    hook.args(["wait", "--pid", &server.pid().to_string()]).args(options);
    marked(hook, server)
}

pub fn marked(mut hook: Command, server: &Server) -> Command {
    let mark = process::environment(server.pid(), Mark::NAME).expect("the server's mark");
    hook.env("LAMEDUCK_TIMEOUT", "50s").env(Mark::NAME, mark).stdin(Stdio::null());
    hook
}

/// What the kubelet does: calls the hook, and sends `stopped` its stop signal when the hook has returned.
pub fn call_then_stop(mut hook: Command, stopped: u32) -> JoinHandle<Output> {
    spawn(move || {
        let output = hook.output().expect("the hook");
        process::kill(stopped, libc::SIGTERM);
        output
    })
}

/// The hook's own words, after it has returned with this status.
pub fn said(output: &Output, status: i32) -> String {
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(status), "{words}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    words
}

/// The processes that drain for a hook of this server.
pub fn detached(server: &Server) -> Vec<u32> {
    let is_ours = |pid: &u32| process::field(*pid, "Name").as_deref() == Some("lameduck");
    server.processes().into_iter().filter(is_ours).collect()
}

pub fn until_none_is_left(server: &Server) {
    wait_for("the end of the process that drains", || detached(server).is_empty().then_some(()));
}

/// The status of the answer on a new connection.
pub fn status_now(server: &Server) -> u16 {
    let mut client = TcpStream::connect(server.address()).expect("somebody listens");
    client.set_read_timeout(Some(PATIENCE)).expect("a limit");
    client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("a request");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("an answer");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer:?}"))
}
