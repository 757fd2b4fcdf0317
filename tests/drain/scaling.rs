//! gunicorn's own controls under load, then the stop: TTIN and TTOU scale it, HUP reloads it, and nobody is lost.
use crate::crash::family;
use crate::stop::KINDS;
use crate::support::load::{plan, until_gone};
use crate::support::process::has_booted;
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::wait_for;
use libtest_mimic::Trial;

pub fn trials() -> Vec<Trial> {
    KINDS
        .iter()
        .filter(|kind| ["sync", "reuse-port"].contains(&kind.name))
        .map(|kind| {
            trial(&format!("{}_is_scaled_and_reloaded_under_load", kind.name), &Ok(()), move || {
                controlled(kind);
            })
        })
        .collect()
}

fn controlled(kind: &crate::stop::Kind) {
    let mut server = kind.gunicorn().under_lameduck(&[]).start();
    let mut plan = plan(&server, kind.rate);
    // A reload of --reuse-port closes sockets with what is queued in them: that is gunicorn's own loss, not a stop's.
    if kind.name == "reuse-port" {
        plan.rate = 20.0;
        plan.slow = None;
    }
    let backlog = if kind.name == "reuse-port" { 1 } else { kind.backlog };
    let result = until_gone(&mut server, plan, backlog, |server| {
        scale(server);
        server.signal(libc::SIGTERM);
    });
    println!("{:?}", result.tally);
    assert_eq!(result.tally.lost, 0, "{:?}", result.tally);
    assert_eq!(result.status.code(), Some(0));
}

fn scale(server: &Server) {
    // Each of them takes signals.
    let booted = |count| {
        let workers = family(server).1;
        (workers.len() == count && workers.iter().all(|pid| has_booted(*pid))).then_some(workers)
    };
    server.signal(libc::SIGTTIN);
    wait_for("one worker more", || booted(3));
    server.signal(libc::SIGTTOU);
    let before = wait_for("one worker less", || booted(2));
    server.signal(libc::SIGHUP);
    wait_for("new workers", || booted(2).filter(|now| now.iter().all(|pid| !before.contains(pid))));
}
