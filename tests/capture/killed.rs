//! lameduck is killed, and is no PID 1: the server outlives it, and nobody is left who answers its announced calls.
use crate::support::process;
use crate::support::python;
use crate::support::server::{Builder, Server};
use crate::support::trial::trial;
use crate::support::{PATIENCE, ports::free_port, wait_for};
use libtest_mimic::Trial;
use std::os::unix::process::ExitStatusExt;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_server_whose_lameduck_was_killed_serves_on_and_binds_no_more", &Ok(()), binds_no_more),
        trial("a_gunicorn_whose_lameduck_was_killed_is_reloaded_and_stopped_as_ever", &Ok(()), reloaded),
    ]
}

/// Kills lameduck, and gives the process that it had started.
fn orphaned(server: &mut Server) -> u32 {
    let own = server.pid();
    let command = process::all().find(|pid| process::parent(*pid) == Some(own)).expect("the server itself");
    server.signal(libc::SIGKILL);
    assert_eq!(server.wait(PATIENCE).signal(), Some(libc::SIGKILL));
    command
}

fn binds_no_more() {
    let port = free_port();
    let script = format!("{}/group.py", python::SERVERS);
    let args = [&script, "127.0.0.1", &port.to_string(), "1"];
    let mut server =
        Builder::new(port, python::program("python"), args).under_lameduck(&["--capture", "bind"]).start();
    let command = orphaned(&mut server);
    server.get("/");
    // seccomp_unotify(2): where its listener is gone, an announced call fails with ENOSYS.
    process::kill(command, libc::SIGUSR2);
    wait_for("its bind", || server.log().contains("none has joined: ENOSYS").then_some(()));
    server.get("/");
    process::kill(command, libc::SIGTERM);
    wait_for("its end", || server.processes().is_empty().then_some(()));
}

/// A reload that keeps the address binds nothing.
fn reloaded() {
    let mut server =
        Server::gunicorn("sync", &["--workers", "2"]).under_lameduck(&["--capture", "bind"]).start();
    let master = orphaned(&mut server);
    let workers = |server: &Server| -> Vec<u32> {
        let all = server.processes().into_iter();
        all.filter(|pid| process::parent(*pid) == Some(master) && process::has_booted(*pid)).collect()
    };
    let both = |now: Vec<u32>| (now.len() == 2).then_some(now);
    let before = wait_for("both of its workers", || both(workers(&server)));
    process::kill(master, libc::SIGHUP);
    wait_for("its new workers", || {
        both(workers(&server)).filter(|now| now.iter().all(|pid| !before.contains(pid)))
    });
    for _ in 0..10 {
        server.get("/");
    }
    process::kill(master, libc::SIGTERM);
    wait_for("its end", || server.processes().is_empty().then_some(()));
    assert!(server.log().contains("Shutting down: Master"), "{}", server.log());
}
