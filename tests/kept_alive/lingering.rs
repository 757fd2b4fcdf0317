//! gunicorn's gthread and gevent answer kept-alive clients for two seconds after TERM, with `Connection: close`. The two
//! options that leave them to it: nobody is lost, and the drain does not wait for clients that never pause.
use crate::scene::{nobody_is_lost, plan, stopped_by_term};
use crate::support::runner::runs;
use crate::support::servers::Kind;
use crate::support::trial::trial;
use libtest_mimic::Trial;
use std::time::Duration;

const OPTIONS: [&str; 4] = ["--park", "off", "--wait-for", "queue,half-open,unread,silent"];

pub fn trials() -> Vec<Trial> {
    let lingering = [Kind::Gthread, Kind::Gevent].into_iter();
    lingering
        .map(|kind| {
            let name = format!("{}_lingers_by_itself_without_park", kind.name());
            trial(&name, &kind.needs(), move || lingers(kind))
        })
        .collect()
}

fn lingers(kind: Kind) {
    for _ in 0..runs() {
        let mut server = kind.builder().under_lameduck(&OPTIONS).start();
        let plan = plan(&server, Duration::from_millis(1), 20);
        let outcome = stopped_by_term(&mut server, plan);
        nobody_is_lost(&outcome.tally);
        assert!(server.log().contains("outcome=drained"), "it went by time, not by an empty queue");
        assert!(server.log().contains("late_requests_answered=0"), "lameduck answered in the server's place");
    }
}
