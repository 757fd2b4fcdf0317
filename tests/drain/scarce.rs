//! A container that is given next to nothing: no process more, a twentieth of a processor.
use crate::stop::KINDS;
use crate::support::control_group::ControlGroup;
use crate::support::load::{Result, plan, until_gone};
use crate::support::server::Server;
use crate::support::trial::trial;
use libtest_mimic::Trial;

pub fn trials() -> Vec<Trial> {
    let limited = |controller| ControlGroup::limited_by(controller).map(drop);
    vec![
        trial("without_a_process_more_the_queue_is_waited_for_and_it_is_said", &limited("pids"), no_process),
        trial("with_a_twentieth_of_a_processor_nobody_is_lost", &limited("cpu"), throttled),
    ]
}

/// lameduck and gunicorn in a group, and a load below what the workers can do: stopped with somebody waiting.
fn stopped_in(group: &ControlGroup, limit: impl FnOnce(&Server), rate: f64) -> (Server, Result) {
    let mut server = KINDS[0].gunicorn().under_lameduck(&[]).start();
    group.take(&server.processes());
    limit(&server);
    let mut plan = plan(&server, rate);
    plan.slow = None;
    let result = until_gone(&mut server, plan, 1, |server| server.signal(libc::SIGTERM));
    println!("{:?}", result.tally);
    (server, result)
}

/// The thread that answers late arrivals cannot be had (EAGAIN): no gate.
fn no_process() {
    let group = ControlGroup::limited_by("pids").unwrap();
    let (server, result) =
        stopped_in(&group, |server| group.set("pids.max", &server.processes().len().to_string()), 20.0);
    assert_eq!(result.status.code(), Some(0));
    let log = server.log();
    assert!(log.contains("no gate") && log.contains("outcome=drained gate=none"), "{log}");
}

fn throttled() {
    let group = ControlGroup::limited_by("cpu").unwrap();
    let limit = |_: &Server| {
        if group.has("cpu.max") {
            group.set("cpu.max", "5000 100000");
        } else {
            group.set("cpu.cfs_period_us", "100000");
            group.set("cpu.cfs_quota_us", "5000");
        }
    };
    let (server, result) = stopped_in(&group, limit, 10.0);
    assert_eq!((result.tally.lost, result.tally.other_answers), (0, 0), "{:?}", result.tally);
    assert_eq!(result.status.code(), Some(0));
    assert!(server.log().contains("outcome=drained gate=divert"), "{}", server.log());
}
