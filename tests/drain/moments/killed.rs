//! The arbiter, the whole server or a worker is killed in each phase: lost is what was in flight at the killed, and nothing else.
use super::cast::{Cast, Heard};
use super::{Moment, given_its_socket, gthread};
use crate::crash::family;
use crate::http::Connection;
use crate::support::load::{during, plan};
use crate::support::process::{self, has_booted, kill};
use crate::support::runner::repeated;
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::{PATIENCE, wait_for};
use libtest_mimic::Trial;

const KILLED: i32 = 128 + libc::SIGKILL;
/// New connections a second, from the kill on: those before might be in flight at the killed, by chance.
const RATE: f64 = 40.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Arbiter,
    Server,
    Worker,
}

pub fn trials() -> Vec<Trial> {
    let victims =
        [(Victim::Arbiter, "an_arbiter"), (Victim::Server, "a_whole_server"), (Victim::Worker, "a_worker")];
    let cases = victims.into_iter().flat_map(|victim| Moment::ALL.map(|moment| (victim, moment)));
    cases
        .map(|((victim, name), moment)| {
            let name = format!("{name}_killed_{}_takes_only_its_own_along", moment.name());
            trial(&name, &Ok(()), repeated(move || scene(victim, moment)))
        })
        .collect()
}

fn scene(victim: Victim, moment: Moment) {
    // Of a whole server that is killed while it serves, the queue is all that can be saved, and only where it was held
    // from the start.
    let queue_alone = (victim, moment) == (Victim::Server, Moment::Serving);
    let mut server = if queue_alone { given_its_socket(moment) } else { gthread(moment) }.start();
    let mut cast = Cast::enter(&server);
    moment.reach(&server);
    let (arbiter, workers) = family(&server);
    let queued = queue_alone.then(|| queued_behind(&server, arbiter, &workers));
    let dead = victim.kill(arbiter, &workers);
    let (status, tally) = during(plan(&server, RATE), || {
        after(victim, moment, &mut server, &mut cast, &workers, &dead);
        server.wait(PATIENCE)
    });
    println!("{victim:?} {moment:?}: {tally:?}");
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
    if let Some(mut queued) = queued {
        assert_eq!(queued.final_head().expect("an answer").status, 503);
    }
    let log = server.log();
    let expected = if victim == Victim::Worker { 0 } else { KILLED };
    assert_eq!(status.code(), Some(expected));
    let outcomes: &[&str] = match (victim, moment) {
        (Victim::Worker, Moment::LameDuck) => &["skipped"],
        (Victim::Worker, _) | (_, Moment::Stopping) => &["drained"],
        // Its workers go before it: a look between sees that nobody is left.
        (Victim::Server, Moment::Gated) => &["server-exited", "drained"],
        _ => &["server-exited"],
    };
    assert!(outcomes.iter().any(|outcome| log.contains(&format!("outcome={outcome}"))), "{log}");
    assert!(!log.contains("without an answer"), "{log}");
    if victim == Victim::Worker {
        assert!(server.processes().is_empty(), "nothing is left behind");
    } else {
        // lameduck waits for the last answer of those who have no arbiter any more; their own end is theirs.
        wait_for("the end of the workers", || server.processes().is_empty().then_some(()));
    }
}

/// A request that none of them can accept any more.
fn queued_behind(server: &Server, arbiter: u32, workers: &[u32]) -> Connection {
    [arbiter].iter().chain(workers).for_each(|pid| kill(*pid, libc::SIGSTOP));
    let mut queued = Connection::open(server.address()).expect("a connection");
    queued.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("a request");
    queued
}

/// What the clients do once the killed are gone.
fn after(
    victim: Victim,
    moment: Moment,
    server: &mut Server,
    cast: &mut Cast,
    workers: &[u32],
    dead: &[u32],
) {
    let in_flight = cast.in_flight();
    let gone = cast.in_flight_at(dead);
    if victim == Victim::Worker && moment < Moment::Stopping {
        wait_for("another worker", || {
            family(server).1.iter().any(|pid| !workers.contains(pid) && has_booted(*pid)).then_some(())
        });
    }
    cast.are_told(dead);
    // Whoever has no arbiter any more closes what is at rest as it likes, and so does whoever was told to stop.
    if victim == Victim::Worker && moment < Moment::Stopping {
        let heard = cast.ask(dead);
        assert_eq!(heard.lost, 0, "{heard:?}");
        let parked = moment == Moment::Gated;
        assert_eq!(heard.late > 0, parked, "{heard:?}: those who are parked are answered 503, no others");
    }
    let heard = cast.finish();
    assert_eq!(heard, Heard { answered: in_flight - gone, late: 0, lost: gone });
    // The lame duck is ended by a second signal.
    if victim == Victim::Worker && moment < Moment::Gated {
        server.signal(libc::SIGTERM);
    }
    if victim == Victim::Arbiter {
        // A worker without an arbiter may keep what is at rest for the whole of --keep-alive.
        return cast.leave();
    }
    cast.are_told(workers);
}

impl Victim {
    /// Kills, and gives the dead workers when they have gone.
    fn kill(self, arbiter: u32, workers: &[u32]) -> Vec<u32> {
        let dead = match self {
            Self::Arbiter => vec![],
            Self::Server => workers.to_vec(),
            Self::Worker => vec![workers[0]],
        };
        if self == Self::Server {
            // Stopped first, so that it starts no new ones.
            kill(arbiter, libc::SIGSTOP);
        }
        for pid in &dead {
            kill(*pid, libc::SIGKILL);
        }
        if self != Self::Worker {
            kill(arbiter, libc::SIGKILL);
        }
        wait_for("the end of the killed", || {
            dead.iter().all(|pid| process::state(*pid).is_none_or(|state| state == 'Z')).then_some(())
        });
        dead
    }
}
