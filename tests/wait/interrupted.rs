//! A hook that does not end well leaves the server no worse than without it.
use crate::hook::{detached, hook_of, said, status_now, until_none_is_left};
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::{PATIENCE, end_of, process, wait_for};
use libtest_mimic::Trial;
use std::io::Write;
use std::net::TcpStream;
use std::process::Stdio;
use std::thread::spawn;

pub fn trials() -> Vec<Trial> {
    let test = |name, test: fn()| trial(name, &Ok(()), test);
    vec![
        test("a_server_that_nobody_stops_serves_again", nobody_stops),
        test("a_hook_that_is_killed_waits_no_longer_and_the_server_stops_as_ever", killed),
        test("a_hook_that_runs_out_of_time_says_so", out_of_time),
        test("a_server_that_ends_by_itself_ends_the_hook", ends_by_itself),
    ]
}

fn sync() -> Server {
    Server::gunicorn("sync", &["--workers", "2"]).start()
}

fn nobody_stops() {
    let server = sync();
    let before = server.processes();
    // When: the hook returns, its streams end, and what drains still has the gate.
    let hook = hook_of(&server, &["--release-after", "2s"]).output().expect("the hook");
    said(&hook, 0);
    assert_eq!(detached(&server).len(), 1);
    assert_eq!(status_now(&server), 503, "nobody new reaches the server");
    // Then: it opens the gate again, and goes.
    until_none_is_left(&server);
    assert_eq!(status_now(&server), 200);
    assert!(server.log().contains("nobody has stopped the server"), "{}", server.log());
    assert_eq!(server.processes(), before);
}

fn killed() {
    let mut server = sync();
    let mut hook = hook_of(&server, &["--lame-duck", "50s"]).stderr(Stdio::null()).spawn().expect("the hook");
    wait_for("the drain", || server.log().contains("hook: draining").then_some(()));
    hook.kill().expect("our own child");
    end_of(&mut hook);
    wait_for("a word about it", || server.log().contains("the hook was ended").then_some(()));
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    until_none_is_left(&server);
    assert!(server.log().contains("outcome=skipped"), "{}", server.log());
}

fn out_of_time() {
    let mut server = sync();
    let address = server.address();
    let mut slow = TcpStream::connect(address).expect("a connection");
    slow.write_all(b"GET /?ms=8000 HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("a request");
    let words = said(&hook_of(&server, &["--timeout", "1s"]).output().expect("the hook"), 1);
    assert_eq!(words, "lameduck: time was over before everybody was served\n");
    assert!(server.log().contains("outcome=timed-out"), "{}", server.log());
    process::kill(server.pid(), libc::SIGTERM);
    server.wait(PATIENCE);
    until_none_is_left(&server);
}

fn ends_by_itself() {
    let mut server = sync();
    let mut hook = hook_of(&server, &["--lame-duck", "50s"]);
    let call = spawn(move || hook.output().expect("the hook"));
    wait_for("the drain", || server.log().contains("hook: draining").then_some(()));
    server.signal(libc::SIGTERM);
    server.wait(PATIENCE);
    let words = said(&call.join().expect("the hook"), 0);
    assert_eq!(words, "lameduck: the server went by itself\n");
    until_none_is_left(&server);
}
