//! gunicorn's own controls under load, then the stop: TTIN and TTOU scale it, HUP reloads it, and nobody is lost.
use crate::crash::family;
use crate::stop::{KINDS, Kind};
use crate::support::load::{Result, during, plan, until_gone};
use crate::support::process::has_booted;
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::{PATIENCE, wait_for};
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

fn controlled(kind: &Kind) {
    let mut server = kind.gunicorn().under_lameduck(&[]).start();
    let plan = plan(&server, kind.rate);
    let (status, tally) = if kind.name == "reuse-port" {
        // A reload closes its sockets with what is queued in them: that is gunicorn's own loss, so nobody is there then.
        scale(&server);
        let Result { tally, status } =
            until_gone(&mut server, plan, kind.backlog, |server| server.signal(libc::SIGTERM));
        (status, tally)
    } else {
        // The load goes on beside: a worker that waits for a request that is not sent does not go.
        during(plan, || {
            scale(&server);
            server.signal(libc::SIGTERM);
            server.wait(PATIENCE)
        })
    };
    println!("{tally:?}");
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
    assert!(tally.answered > 0 && tally.answered_late > 0, "the stop was not under load: {tally:?}");
    assert_eq!(status.code(), Some(0));
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
