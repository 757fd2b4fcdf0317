//! lameduck falls over with connections parked, or held across the forward: no mark stays up, or nobody's next request
//! would be read.
use crate::odd::Odd;
use crate::support::PATIENCE;
use crate::support::trial::trial;
use crate::talk::{ask, kept_alive};
use lameduck::cli::{ParkArgs, ParkChoice};
use lameduck::commands::run::parking::Parking;
use lameduck::sockets::mark::RAISED;
use lameduck::sockets::{Observer, Watched, Whose};
use libtest_mimic::Trial;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

const SILENT_GRACE: Duration = Duration::from_secs(1);

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_panic_leaves_no_mark_on_what_is_parked", &Ok(()), || falls_over(false)),
        trial("a_panic_leaves_no_mark_on_what_is_held_across_the_forward", &Ok(()), || falls_over(true)),
    ]
}

fn falls_over(holds: bool) {
    // Given: a server of this process's own, with connections that are parked.
    let odd = Odd::alone("polite");
    let mut idle = kept_alive(odd.server.address(), 3);
    let (mut parking, ..) = parked(3);
    assert_eq!(odd.marks(), [RAISED; 3]);
    if holds {
        parking.hold();
        assert!(parking.holds());
    }
    // When: whoever parks them panics.
    let panic = catch_unwind(AssertUnwindSafe(move || {
        let _parking = parking;
        resume_unwind(Box::new("a panic that nobody need read of"))
    }));
    // Then: the server reads again.
    assert!(panic.is_err());
    assert_eq!(odd.marks(), [1; 3]);
    assert_eq!(ask(&mut idle[0], "/").expect("the server's answer"), (200, false, "ok".into()));
}

/// Looks, as `lameduck run` does, until so many are parked and at rest; its clock began at the instant.
pub fn parked(connections: u32) -> (Parking, Observer, Instant) {
    let mut observer = Observer::open(SILENT_GRACE);
    let found = observer.discover(&Whose::Ours, &[]).listeners;
    observer.watch(found.into_iter().map(|listener| Watched { listener, duplicate: None }).collect());
    let options = ParkArgs { park: ParkChoice::Auto, park_after: Duration::ZERO };
    let mut parking = Parking::new(Whose::Ours, &options, SILENT_GRACE);
    parking.gated(Duration::ZERO);
    let begin = Instant::now();
    let mut at_rest = None;
    while parking.figures().parked < connections.into() || at_rest != Some(connections) {
        assert!(begin.elapsed() < PATIENCE, "{:?}", parking.figures());
        parking.begin_look(begin.elapsed());
        let look = observer.look_with(&mut |row, counters, standing| parking.judge(row, counters, standing));
        parking.end_look();
        at_rest = look.idle;
    }
    (parking, observer, begin)
}
