//! The server, or a part of it, dies under load: what was queued is answered all the same.
use crate::stop::KINDS;
use crate::support;
use crate::support::load::{Result, plan, until_gone};
use crate::support::process::{self, parent};
use crate::support::runner::runs;
use crate::support::server::{Builder, Server};
use crate::support::trial::trial;
use lameduck::sockets::discovery;
use libtest_mimic::Trial;
use std::collections::HashSet;

const KILLED: i32 = 128 + libc::SIGKILL;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("an_arbiter_killed_leaves_nobody_queued_unanswered", &Ok(()), arbiter_killed),
        trial("a_whole_tree_killed_under_listen_leaves_nobody_queued_unanswered", &Ok(()), tree_killed),
        trial(
            "a_whole_tree_killed_behind_the_gate_leaves_nobody_queued_unanswered",
            &Ok(()),
            tree_killed_while_draining,
        ),
        trial(
            "without_a_gate_too_whoever_is_being_answered_is_waited_for",
            &Ok(()),
            tree_killed_without_a_gate,
        ),
        trial("a_reuse_port_worker_killed_in_lame_duck_costs_no_gate", &Ok(()), || {
            reuse_port_worker_killed(lame_duck, &["--lame-duck", "1s"]);
        }),
        trial("a_reuse_port_worker_replaced_behind_the_gate_costs_no_plug", &Ok(()), || {
            reuse_port_worker_killed(stop_and_wait_for_the_gate, &[]);
        }),
        trial("a_worker_killed_during_the_drain_leaves_nobody_queued_unanswered", &Ok(()), worker_killed),
        trial(
            "an_arbiter_killed_during_the_drain_leaves_nobody_queued_unanswered",
            &Ok(()),
            killed_while_draining,
        ),
    ]
}

fn run(server: &Builder, stop: impl Fn(&Server), check: impl Fn(&Server, &Result)) {
    for _ in 0..runs() {
        let mut server = server.clone().start();
        let plan = plan(&server, KINDS[0].rate);
        let result = until_gone(&mut server, plan, KINDS[0].backlog, &stop);
        println!("{:?}", result.tally);
        check(&server, &result);
    }
}

fn sync() -> Builder {
    KINDS[0].gunicorn().under_lameduck(&[])
}

/// gunicorn's master and its workers.
pub fn family(server: &Server) -> (u32, Vec<u32>) {
    let all = server.processes();
    let master = *all.iter().find(|pid| parent(**pid) == Some(server.pid())).expect("a master");
    (master, all.into_iter().filter(|pid| parent(*pid) == Some(master)).collect())
}

/// At most so many connections are lost as workers were killed in the middle of a request: those were not queued.
fn lost_at_most(result: &Result, in_flight: u64) {
    let tally = &result.tally;
    assert!(tally.lost <= in_flight, "{tally:?}");
    assert!(tally.answered_late > 0, "nobody was queued: {tally:?}");
}

fn arbiter_killed() {
    let kill = |server: &Server| process::kill(family(server).0, libc::SIGKILL);
    run(&sync(), kill, |_, result| {
        lost_at_most(result, 0);
        assert_eq!(result.status.code(), Some(KILLED));
    });
}

fn kill_tree(server: &Server) {
    let (master, workers) = family(server);
    // Stopped first, so that it starts no new ones.
    process::kill(master, libc::SIGSTOP);
    workers.iter().chain(&[master]).for_each(|pid| process::kill(*pid, libc::SIGKILL));
}

fn tree_killed() {
    let server = Server::gunicorn_given_its_socket("sync", &["--workers", "2"], &[]);
    run(&server, kill_tree, |_, result| {
        lost_at_most(result, 2);
        assert_eq!(result.status.code(), Some(KILLED));
    });
}

/// The duplicates that the gate took keep the queue.
fn tree_killed_while_draining() {
    let kill = |server: &Server| {
        stop_and_wait_for_the_gate(server);
        kill_tree(server);
    };
    run(&sync(), kill, |_, result| {
        lost_at_most(result, 2);
        assert_eq!(result.status.code(), Some(KILLED));
    });
}

/// Nothing but the answers themselves then keeps lameduck from ending. Without a gate there is no plug either: who comes
/// in the milliseconds of the close is lost, beside the two whose workers were killed; the 50 in the queue are not.
fn tree_killed_without_a_gate() {
    let options = ["--gate", "none"];
    let server = Server::gunicorn_given_its_socket("sync", &["--workers", "2"], &options);
    run(&server, kill_tree, |server, result| {
        lost_at_most(result, 2 + 5);
        assert!(!server.log().contains("without an answer"), "{}", server.log());
    });
}

/// Its listener is its own, and only lameduck's duplicate keeps it in the group; the arbiter starts another.
fn reuse_port_worker_killed(stop: fn(&Server), options: &[&str]) {
    let server = KINDS.iter().find(|kind| kind.name == "reuse-port").expect("such a kind");
    let kill = |server: &Server| {
        stop(server);
        let workers = family(server).1;
        let with_a_listener = |pid: &u32| server.log().contains(&format!("Booting worker with pid: {pid}"));
        process::kill(workers[0], libc::SIGKILL);
        support::wait_for("another worker", || {
            let now = family(server).1;
            now.iter().any(|pid| !workers.contains(pid) && with_a_listener(pid)).then_some(())
        });
    };
    run(&server.gunicorn().under_lameduck(options), kill, |server, result| {
        lost_at_most(result, 1);
        assert_eq!(result.status.code(), Some(0));
        let log = server.log();
        assert!(log.contains("outcome=drained gate=divert") && !log.contains("warning"), "{log}");
    });
}

/// Until lameduck's own socket is in the group: then it holds the workers' as well. Who is killed before takes his queue along.
fn lame_duck(server: &Server) {
    server.signal(libc::SIGTERM);
    support::wait_for("lameduck's socket beside those of the two workers", || {
        (discovery::at(&[server.address().port()], &HashSet::new()).unwrap().len() > 2).then_some(())
    });
}

pub fn stop_and_wait_for_the_gate(server: &Server) {
    server.signal(libc::SIGTERM);
    support::wait_for("the gate", || server.log().contains("gate closed").then_some(()));
}

fn worker_killed() {
    let kill = |server: &Server| {
        stop_and_wait_for_the_gate(server);
        process::kill(family(server).1[0], libc::SIGKILL);
    };
    run(&sync(), kill, |_, result| {
        lost_at_most(result, 1);
        assert_eq!(result.status.code(), Some(0));
    });
}

fn killed_while_draining() {
    let kill = |server: &Server| {
        stop_and_wait_for_the_gate(server);
        process::kill(family(server).0, libc::SIGKILL);
    };
    run(&sync(), kill, |_, result| {
        lost_at_most(result, 0);
        assert_eq!(result.status.code(), Some(KILLED));
    });
}
