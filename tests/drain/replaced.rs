//! gunicorn replaces itself (USR2: a new master with the same sockets, and then the old one is stopped): lameduck follows, and a stop
//! before, between and after loses nobody.
use crate::crash::{family, stop_and_wait_for_the_gate};
use crate::stop::KINDS;
use crate::support::load::{Result, plan, until_gone};
use crate::support::namespaces::{permitted, unshare};
use crate::support::process::{self, environment, has_booted, kill, parent};
use crate::support::runner::runs;
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::{PATIENCE, wait_for};
use libtest_mimic::Trial;

const FOLLOWED: &str = "its successor is the server now";
const AS_PID_1: [&str; 3] = ["--pid", "--fork", "--mount-proc"];

pub fn trials() -> Vec<Trial> {
    let namespaces = permitted(unshare(&AS_PID_1).arg("true"));
    vec![
        trial("a_server_that_was_replaced_is_drained_as_its_successor", &Ok(()), || {
            replaced(|server| {
                replace(server);
                server.signal(libc::SIGTERM);
            });
        }),
        trial("a_server_in_the_middle_of_its_replacement_is_stopped_with_its_successor", &Ok(()), || {
            replaced(|server| {
                begin(server);
                server.signal(libc::SIGTERM);
            });
        }),
        trial("a_server_that_is_replaced_behind_the_gate_is_stopped_with_its_successor", &Ok(()), || {
            replaced(|server| {
                stop_and_wait_for_the_gate(server);
                begin(server);
            });
        }),
        trial("as_pid_1_lameduck_goes_on_with_a_successor", &namespaces, as_pid_1),
    ]
}

/// A new master beside the old one.
fn begin(server: &Server) -> (u32, u32) {
    let (old, _) = family(server);
    kill(old, libc::SIGUSR2);
    (old, successor(server, old))
}

fn successor(server: &Server, of: u32) -> u32 {
    let workers = |master: u32| {
        let all = server.processes().into_iter();
        all.filter(move |pid| parent(*pid) == Some(master) && has_booted(*pid)).count()
    };
    wait_for("a new master, and its two workers", || {
        let mut children = server.processes().into_iter().filter(|pid| parent(*pid) == Some(of));
        children.find(|pid| environment(*pid, "GUNICORN_PID").is_some() && workers(*pid) == 2)
    })
}

fn replace(server: &Server) {
    let (old, new) = begin(server);
    kill(old, libc::SIGTERM);
    wait_for("lameduck to follow", || server.log().contains(FOLLOWED).then_some(()));
    assert_eq!(parent(new), Some(server.pid()), "the new master is lameduck's child");
}

fn replaced(stop: impl Fn(&Server)) {
    let kind = &KINDS[0];
    for _ in 0..runs() {
        let mut server = kind.gunicorn().under_lameduck(&[]).start();
        let plan = plan(&server, kind.rate);
        let Result { tally, status } = until_gone(&mut server, plan, kind.backlog, &stop);
        println!("{tally:?}");
        assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
        assert!(tally.answered_late > 0, "nobody was late: {tally:?}");
        let log = server.log();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(server.processes().is_empty(), "nothing is left behind");
        assert!(log.contains("outcome=drained gate=divert") && log.contains(FOLLOWED), "{log}");
        assert_eq!(log.matches("Handling signal: term").count(), 2, "each master once: {log}");
    }
}

fn as_pid_1() {
    let command = unshare(&AS_PID_1);
    let options = command.get_args().map(|option| option.to_str().expect("options in UTF-8"));
    let lameduck = [env!("CARGO_BIN_EXE_lameduck"), "run", "--"];
    let wrapper: Vec<&str> = ["unshare"].into_iter().chain(options).chain(lameduck).collect();
    let mut server = KINDS[0].gunicorn().under(&wrapper).start();
    let of = |of: u32| server.processes().into_iter().find(|pid| parent(*pid) == Some(of)).expect("a child");
    let lameduck = of(server.pid());
    let old = of(lameduck);
    kill(old, libc::SIGUSR2);
    let new = successor(&server, old);
    kill(old, libc::SIGTERM);
    wait_for("lameduck to follow", || server.log().contains(FOLLOWED).then_some(()));
    let worker: u32 = server.get("/pid").parse().expect("a process id");
    let inside = |pid: u32| {
        process::field(pid, "NSpid").expect("its ids").split_whitespace().last().map(str::to_owned)
    };
    let workers: Vec<_> = server.processes().into_iter().filter(|pid| parent(*pid) == Some(new)).collect();
    assert!(
        workers.iter().any(|pid| inside(*pid) == Some(worker.to_string())),
        "the new master's worker answers"
    );
    kill(lameduck, libc::SIGTERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0), "{}", server.log());
    assert!(server.log().contains("outcome=drained"), "{}", server.log());
}
