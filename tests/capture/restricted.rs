//! Under what Kubernetes' restricted pods permit: no privilege, no_new_privs, no pidfd_getfd. Each server is stopped in
//! the middle of a load that never pauses, and of its new connections none is lost.
use super::refused::without_getfd;
use crate::faults::refusing;
use crate::support::load::{Result, plan, until_gone};
use crate::support::process;
use crate::support::python;
use crate::support::runner::runs;
use crate::support::server::{Builder, Server};
use crate::support::servers::Kind;
use crate::support::trial::trial;
use lameduck::load::Plan;
use libtest_mimic::Trial;

/// Those whose sockets are made in different ways: by Python itself, by asyncio, by libuv, by Go's and Java's runtimes.
const KINDS: [Kind; 7] =
    [Kind::Sync, Kind::Gthread, Kind::Uvicorn, Kind::Waitress, Kind::Node, Kind::Go, Kind::Java];

pub fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = KINDS
        .into_iter()
        .map(|kind| {
            let needs = python::usable_by_others().and(kind.needs());
            let name = format!("{}_loses_nobody_in_a_restricted_pod", kind.name());
            trial(&name, &needs, move || stopped(kind))
        })
        .collect();
    trials.extend([
        trial("sync_with_reuse_port_loses_nobody_in_a_restricted_pod", &python::usable_by_others(), || {
            let mut server = start(Server::gunicorn("sync", &["--workers", "2", "--reuse-port"]));
            check(&mut server, 0, "bind");
        }),
        trial("where_pidfd_open_is_refused_too_nobody_is_lost", &python::usable_by_others(), || {
            let start = || Kind::Sync.builder().under_lameduck(&[]).unprivileged().start();
            let mut server = refusing(libc::SYS_pidfd_open, &[], libc::EPERM, start);
            check(&mut server, 0, "bind");
        }),
        trial("a_whole_server_killed_leaves_nobody_queued_unanswered", &Ok(()), killed),
    ]);
    trials
}

fn start(server: Builder) -> Server {
    without_getfd(|| server.under_lameduck(&[]).unprivileged().start())
}

/// Requests of 200 ms, 200 a second: at every moment dozens are at work or queued.
fn load(server: &Server) -> Plan {
    Plan { path: "/?ms=200".into(), slow: None, ..plan(server, 200.0) }
}

const BACKLOG: usize = 30;

fn stopped(kind: Kind) {
    for _ in 0..runs() {
        stopped_once(kind);
    }
}

fn stopped_once(kind: Kind) {
    let mut server = start(kind.builder());
    if kind == Kind::Go {
        // No library of its own could have taken part.
        let maps = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/maps")).expect("its memory");
        let static_ones = server.processes().into_iter().filter(|pid| !maps(*pid).contains("/ld-"));
        assert_eq!(static_ones.count(), 1, "the server is a static binary, lameduck is none");
    }
    check(&mut server, kind.status(), "bind");
}

/// Stops it under load, and sees that nobody is lost, by what is held in this way.
pub fn check(server: &mut Server, expected: i32, capture: &str) {
    let load = load(server);
    let Result { tally, status } = until_gone(server, load, BACKLOG, |server| server.signal(libc::SIGTERM));
    println!("{tally:?}");
    assert_eq!((tally.lost, tally.other_answers, tally.not_tried), (0, 0, 0), "{tally:?}");
    assert!(tally.answered > 0 && tally.answered_late > 0, "the stop was not under load: {tally:?}");
    assert_eq!(status.code(), Some(expected));
    let log = server.log();
    let gated = format!("gate=divert capture={capture}");
    assert!(log.contains(&gated), "without the gate this is luck: {log}");
    // Nor of the socket between nginx and what is behind it, which needs no gate.
    assert!(!log.lines().any(|line| line.contains("warning")), "{log}");
    assert!(server.processes().is_empty(), "nothing is left behind");
}

/// Its queue outlives every one of its processes: lameduck has held it from the start. Lost are those at most whom the
/// two workers were answering.
fn killed() {
    let mut server =
        without_getfd(|| Server::gunicorn("sync", &["--workers", "2"]).under_lameduck(&[]).start());
    let load = load(&server);
    let Result { tally, status } = until_gone(&mut server, load, BACKLOG, |server| {
        let own = server.pid();
        let all: Vec<u32> = server.processes().into_iter().filter(|pid| *pid != own).collect();
        // Stopped first, so that none starts another.
        for signal in [libc::SIGSTOP, libc::SIGKILL] {
            all.iter().copied().for_each(|pid| process::kill(pid, signal));
        }
    });
    println!("{tally:?}");
    assert!(tally.lost <= 2, "{tally:?}");
    assert!(tally.answered_late > 0, "nobody was queued: {tally:?}");
    assert_eq!(status.code(), Some(128 + libc::SIGKILL));
}
