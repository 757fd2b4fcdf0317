//! gunicorn's own controls during the drain, under a load with a queue: it scales, reloads, and loses nobody.
use crate::crash::{family, stop_and_wait_for_the_gate};
use crate::stop::KINDS;
use crate::support::halves::{answer, half_a_request};
use crate::support::load::{plan, until_gone};
use crate::support::process::has_booted;
use crate::support::runner::runs;
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::wait_for;
use libtest_mimic::Trial;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_server_scaled_behind_the_gate_loses_nobody", &Ok(()), || {
            controlled(libc::SIGTTIN, |before, now| now.len() > before.len());
        }),
        trial("a_server_reloaded_behind_the_gate_loses_nobody", &Ok(()), || {
            controlled(libc::SIGHUP, |before, now| now.iter().any(|pid| !before.contains(pid)));
        }),
    ]
}

fn controlled(signal: i32, is_done: fn(&[u32], &[u32]) -> bool) {
    for _ in 0..runs() {
        let kind = &KINDS[0];
        let mut server = kind.gunicorn().under_lameduck(&[]).start();
        // In flight, so that the drain waits for what the test does.
        let holder = half_a_request(("127.0.0.1", server.address().port()));
        let plan = plan(&server, kind.rate);
        let result = until_gone(&mut server, plan, kind.backlog, |server| {
            stop_and_wait_for_the_gate(server);
            let before = family(server).1;
            server.signal(signal);
            wait_for("its effect", || is_done(&before, &booted(server)).then_some(()));
            assert!(answer(holder).starts_with("HTTP/1.1 200 "), "who was in flight is answered");
        });
        println!("{:?}", result.tally);
        assert_eq!((result.tally.lost, result.tally.other_answers), (0, 0), "{:?}", result.tally);
        assert!(result.tally.answered_late > 0, "nobody was late: {:?}", result.tally);
        assert_eq!(result.status.code(), Some(0));
        assert!(server.log().contains("outcome=drained gate=divert"), "{}", server.log());
    }
}

/// Its workers that take signals.
fn booted(server: &Server) -> Vec<u32> {
    family(server).1.into_iter().filter(|pid| has_booted(*pid)).collect()
}
