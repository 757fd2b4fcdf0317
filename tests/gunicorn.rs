//! `lameduck run` with a real gunicorn: its control signals, its stop, its privileges.
mod support;

use libtest_mimic::Arguments;
use support::server::Server;
use support::trial::trial;
use support::{PATIENCE, process, python, wait_for};

fn main() {
    let always = Ok(());
    let others = python::usable_by_others();
    let trials = vec![
        trial("sync_takes_its_control_signals", &always, || takes_its_control_signals("sync")),
        trial("gevent_takes_its_control_signals", &always, || takes_its_control_signals("gevent")),
        trial("it_is_stopped_by_term_and_its_status_is_lameducks", &always, is_stopped_by_term),
        trial("it_needs_no_privilege", &others, needs_no_privilege),
        trial("a_failing_start_is_lameducks_exit_status", &always, a_failing_start),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// gunicorn's master, the one child of lameduck.
fn master(server: &Server) -> u32 {
    let all = server.processes();
    all.into_iter().find(|pid| process::parent(*pid) == Some(server.pid())).expect("gunicorn under lameduck")
}

fn workers(server: &Server) -> Vec<u32> {
    let master = master(server);
    server.processes().into_iter().filter(|pid| process::parent(*pid) == Some(master)).collect()
}

/// The workers, once each of them takes signals.
fn booted(server: &Server) -> Option<Vec<u32>> {
    let workers = workers(server);
    workers.iter().all(|pid| process::has_booted(*pid)).then_some(workers)
}

fn takes_its_control_signals(worker_class: &str) {
    let server = Server::gunicorn(worker_class, &["--workers", "1"]).under_lameduck(&[]).start();
    assert_eq!(server.get("/?ms=1"), "ok");
    let first: u32 = server.get("/pid").parse().expect("a process id");
    assert_eq!(workers(&server), [first]);

    server.signal(libc::SIGTTIN);
    wait_for("one worker more", || (booted(&server)?.len() == 2).then_some(()));
    server.signal(libc::SIGTTOU);
    let before = wait_for("one worker less", || booted(&server).filter(|now| now.len() == 1));
    server.signal(libc::SIGHUP);
    wait_for("new workers", || booted(&server).filter(|now| now.len() == 1 && *now != before));
    assert_eq!(server.get("/"), "ok");
}

fn is_stopped_by_term() {
    let mut server = Server::gunicorn("sync", &["--workers", "2"]).under_lameduck(&[]).start();
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    assert!(server.processes().is_empty());
    assert!(server.log().contains("Handling signal: term"), "{}", server.log());
}

fn needs_no_privilege() {
    let server = Server::gunicorn("sync", &[]).under_lameduck(&[]).unprivileged().start();
    for pid in server.processes() {
        let field = |name| process::field(pid, name).expect("its status");
        assert_eq!(field("CapEff"), "0000000000000000");
        assert_ne!(field("Uid").split_whitespace().next(), Some("0"));
    }
    assert_eq!(server.get("/"), "ok");
}

fn a_failing_start() {
    // gunicorn's own status when no worker can load the application: its Arbiter.WORKER_BOOT_ERROR.
    let gunicorn = python::program("gunicorn");
    let mut lameduck = support::lameduck();
    lameduck.args(["run", "--"]).arg(gunicorn).args(["--bind=127.0.0.1:0", "no_such_module:app"]);
    assert_eq!(support::finish(&mut lameduck).status.code(), Some(3));
}
