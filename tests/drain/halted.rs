//! Who is stopped in the middle, by SIGSTOP or a debugger, and goes on: it takes longer, and nobody is lost.
use crate::crash::stop_and_wait_for_the_gate;
use crate::stop::KINDS;
use crate::support::load::{plan, until_gone};
use crate::support::process::{self, kill};
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::wait_for;
use libtest_mimic::Trial;
use std::thread::sleep;
use std::time::Duration;

/// How long: many times what a look takes, and what the gate waits for.
const HALT: Duration = Duration::from_secs(1);

pub fn trials() -> Vec<Trial> {
    let lameduck = |server: &Server| vec![server.pid()];
    let server = |server: &Server| {
        let mut all = server.processes();
        all.retain(|pid| *pid != server.pid());
        all
    };
    let everybody = Server::processes as fn(&Server) -> Vec<u32>;
    let test = |name, before: fn(&Server), whom: fn(&Server) -> Vec<u32>| {
        trial(name, &Ok(()), move || halted(before, whom))
    };
    vec![
        test("a_lameduck_halted_in_its_lame_duck_loses_nobody", stop, lameduck),
        test("a_lameduck_halted_behind_its_gate_loses_nobody", stop_and_wait_for_the_gate, lameduck),
        test("a_server_halted_in_the_lame_duck_loses_nobody", stop, server),
        test("a_server_halted_behind_the_gate_loses_nobody", stop_and_wait_for_the_gate, server),
        test("a_container_halted_behind_the_gate_loses_nobody", stop_and_wait_for_the_gate, everybody),
    ]
}

fn stop(server: &Server) {
    server.signal(libc::SIGTERM);
    wait_for("the drain", || server.log().contains("draining").then_some(()));
}

fn halted(before: fn(&Server), whom: fn(&Server) -> Vec<u32>) {
    let kind = &KINDS[0];
    let mut server = kind.gunicorn().under_lameduck(&[]).start();
    let plan = plan(&server, kind.rate);
    let result = until_gone(&mut server, plan, kind.backlog, |server| {
        before(server);
        let halted = whom(server);
        let signal = |number| {
            for pid in &halted {
                kill(*pid, number);
            }
        };
        signal(libc::SIGSTOP);
        wait_for("all of them to be halted", || {
            halted.iter().all(|pid| process::state(*pid) == Some('T')).then_some(())
        });
        sleep(HALT);
        signal(libc::SIGCONT);
    });
    let tally = &result.tally;
    println!("{tally:?}");
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
    assert!(tally.answered_late > 0, "nobody was late: {tally:?}");
    assert_eq!(result.status.code(), Some(0));
    assert!(server.log().contains("outcome=drained gate=divert"), "{}", server.log());
}
