//! TERM or KILL in the middle, at a unix socket under load that never stops.
use crate::runs;
use crate::scene::{KINDS, Kind, Place};
use crate::support::control_group::ControlGroup;
use crate::support::load::{Result, during, plan, until_gone};
use crate::support::ports::free_port;
use crate::support::process::{self, parent};
use crate::support::server::Server;
use crate::support::trial::trial;
use lameduck::load::Plan;
use lameduck::sockets::Address;
use libtest_mimic::Trial;
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};

pub fn trials(privileges: &std::result::Result<(), String>) -> Vec<Trial> {
    let limited = ControlGroup::limited_by("pids").map(drop);
    let mut trials = Vec::new();
    for kind in &KINDS {
        let name = format!("{}_loses_nobody_unprivileged", kind.name);
        trials.push(trial(&name, privileges, move || loses_nobody(kind)));
        let name = format!("a_plain_term_of_{}_loses_some", kind.name);
        trials.push(trial(&name, &Ok(()), move || a_plain_term_loses_some(kind)));
    }
    trials.extend([
        trial("tcp_and_unix_together_lose_nobody", &Ok(()), together),
        trial("a_killed_arbiter_leaves_nobody_queued_unanswered", &Ok(()), || {
            killed(&[], |_| (), libc::SIGKILL);
        }),
        trial("an_arbiter_killed_behind_the_gate_leaves_nobody_queued_unanswered", &Ok(()), || {
            killed(&["--timeout", "60s"], |server| server.signal(libc::SIGTERM), libc::SIGKILL);
        }),
        trial("who_is_queued_when_time_is_over_is_answered", &Ok(()), time_is_over),
        trial("without_a_process_more_nobody_is_lost", &limited, without_a_process_more),
    ]);
    trials
}

fn loses_nobody(kind: &Kind) {
    for run in 1..=runs() {
        let place = Place::new();
        let path = place.socket(60);
        let mut server = kind.gunicorn(&path).under_lameduck(&[]).unprivileged().start();
        let plan = plan(&server, kind.rate);
        let Result { tally, status } =
            until_gone(&mut server, plan, kind.backlog, |server| server.signal(libc::SIGTERM));
        println!(
            "{} run {run}: {} answered, {} late, {} refused, {} lost",
            kind.name, tally.answered, tally.answered_late, tally.refused, tally.lost
        );
        assert_eq!((tally.lost, tally.other_answers, tally.not_tried), (0, 0, 0), "{tally:?}");
        assert!(tally.answered > 0 && tally.answered_late > 0, "the stop was not under load: {tally:?}");
        assert_eq!(status.code(), Some(0));
        assert!(server.processes().is_empty(), "nothing is left behind");
        assert!(server.log().contains("gate=divert"), "without the gate this is luck");
        // gunicorn removes its path, and so it stays.
        assert_eq!(place.names(), [""; 0]);
    }
}

/// No thread is to be had, neither for late arrivals nor for the path: who comes when gunicorn has removed it finds none.
fn without_a_process_more() {
    let group = ControlGroup::limited_by("pids").unwrap();
    let (place, kind) = (Place::new(), &KINDS[0]);
    let mut server = kind.gunicorn(&place.socket(60)).under_lameduck(&[]).start();
    group.take(&server.processes());
    let plan = plan(&server, kind.rate);
    let Result { tally, status } = until_gone(&mut server, plan, kind.backlog, |server| {
        group.let_nobody_more_in();
        server.signal(libc::SIGTERM);
    });
    let log = server.log();
    assert_eq!((tally.lost, tally.other_answers, tally.not_tried), (0, 0, 0), "{tally:?} {log}");
    assert!(tally.answered_late > 0, "{tally:?}");
    assert_eq!(status.code(), Some(0));
    assert!(log.contains("a path that the server removes is not put back"), "{log}");
    assert!(log.contains("outcome=drained gate=divert"), "{log}");
    assert_eq!(place.names(), [""; 0]);
}

fn a_plain_term_loses_some(kind: &Kind) {
    let place = Place::new();
    let mut server = kind.gunicorn(&place.socket(60)).start();
    let plan = plan(&server, kind.rate);
    let Result { tally, .. } =
        until_gone(&mut server, plan, kind.backlog, |server| server.signal(libc::SIGTERM));
    assert!(tally.lost > 0, "{tally:?}");
}

/// One server on both, each under a load of its own.
fn together() {
    let place = Place::new();
    let tcp = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let bind = format!("--bind={tcp}");
    let path = place.socket(60);
    let file = path.with_file_name("report.json");
    let options = ["--report", file.to_str().expect("a name of ours")];
    let server = Server::gunicorn_at(&path, "sync", &["--workers", "2", &bind]);
    let mut server = server.under_lameduck(&options).start();
    let unix = plan(&server, KINDS[0].rate / 2.0);
    let on_tcp = Plan { target: Address::Tcp(tcp), ..unix.clone() };
    let stop = || until_gone(&mut server, unix, 30, |server| server.signal(libc::SIGTERM));
    let (Result { tally, status }, on_tcp) = during(on_tcp, stop);
    for tally in [tally, on_tcp] {
        assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
        assert!(tally.answered > 0 && tally.answered_late > 0, "{tally:?}");
    }
    assert_eq!(status.code(), Some(0));
    assert!(server.log().contains("works for every listener"), "{}", server.log());
    let report: Value = serde_json::from_slice(&std::fs::read(&file).expect("a report")).expect("JSON");
    let rows = report["sockets"].as_array().expect("rows");
    assert_eq!(rows.len(), 2, "{report}");
    for (row, address) in rows.iter().zip([tcp.to_string(), format!("unix:{}", path.display())]) {
        assert_eq!(row["address"], address, "TCP first: {report}");
        assert_eq!((&row["gate"], &row["capture"]), (&"divert".into(), &"getfd".into()), "{row}");
        assert!(row["queue_limit"].as_u64() > Some(0), "{row}");
    }
}

/// gunicorn's arbiter is killed; its workers live on for a moment.
fn killed(options: &[&str], before: impl Fn(&Server), signal: i32) {
    let place = Place::new();
    let path = place.socket(60);
    let mut server = KINDS[0].gunicorn(&path).under_lameduck(options).start();
    let plan = plan(&server, KINDS[0].rate);
    let Result { tally, status } = until_gone(&mut server, plan, KINDS[0].backlog, |server| {
        let all = server.processes();
        let arbiter = *all.iter().find(|pid| parent(**pid) == Some(server.pid())).expect("an arbiter");
        before(server);
        process::kill(arbiter, signal);
    });
    assert_eq!(tally.lost, 0, "{tally:?}");
    assert!(tally.answered_late > 0, "nobody was queued: {tally:?}");
    assert_eq!(status.code(), Some(128 + signal));
    assert_eq!(place.names().len(), 1, "a killed server leaves its file, and lameduck none of its own");
}

fn time_is_over() {
    let place = Place::new();
    let path = place.socket(60);
    let mut server = KINDS[0].gunicorn(&path).under_lameduck(&["--timeout", "300ms"]).start();
    let plan = plan(&server, KINDS[0].rate);
    let Result { tally, .. } = until_gone(&mut server, plan, 100, |server| server.signal(libc::SIGTERM));
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
    assert!(server.log().contains("time was over"), "{}", server.log());
    assert_eq!(place.names(), [""; 0]);
}
