//! A thousand connections at rest are parked and held across the forward; a server that goes on all the same has them all back, and
//! none with a mark.
use crate::odd::Odd;
use crate::support::process::kill;
use crate::support::trial::trial;
use crate::support::wait_for;
use crate::talk::{ask, busy, is_answered, kept_alive};
use lameduck::sockets::mark::RAISED;
use libtest_mimic::Trial;

/// Connections at rest.
const CROWD: usize = 1000;
/// What the kernel sets (sock_init_data() in net/core/sock.c).
const NONE: u32 = 1;

pub fn trials() -> Vec<Trial> {
    vec![trial("of_a_thousand_that_were_parked_none_is_left_marked", &Ok(()), crowd)]
}

fn crowd() {
    // Given: a server that does not know the signal that it is sent, and goes on.
    let mut odd = Odd::start("polite", &["--forward-signal", "TERM=WINCH"]);
    let mut at_rest = kept_alive(odd.server.address(), CROWD);
    let mut working = busy(&odd);
    odd.stop_and_park(CROWD + 1);
    is_answered(&mut working, &odd);
    odd.logs("forwarded");
    wait_for("all marks to be lowered", || {
        let marks = odd.marks();
        assert!(marks.iter().all(|mark| [NONE, RAISED].contains(mark)), "{marks:?}");
        (marks == [NONE; CROWD + 1]).then_some(())
    });
    for connection in &mut at_rest {
        assert_eq!(ask(connection, "/").expect("an answer").0, 200);
    }
    kill(odd.pid, libc::SIGTERM);
    let report = odd.end();
    assert_eq!(
        (&report["outcome"], &report["park"]["at_rest"]),
        (&"drained".into(), &(CROWD + 1).into()),
        "{report}"
    );
}
