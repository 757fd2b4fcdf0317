//! A look that does not show a connection, as a dump does whose table changes under it: what was known of it stays known.
use crate::odd::Odd;
use crate::panic::parked;
use crate::support::PATIENCE;
use crate::support::trial::trial;
use crate::talk::kept_alive;
use lameduck::commands::run::parking::Parking;
use lameduck::sockets::Observer;
use lameduck::sockets::mark::RAISED;
use libtest_mimic::Trial;
use std::time::Duration;

/// Looks that do not show it, one after the other.
const MISSED: usize = 2;
/// Looks that show it again; each could act.
const AFTER: usize = 20;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("given_a_taken_connection_when_looks_miss_it_then_its_mark_stays_as_it_is", &Ok(()), || {
            missed(true, 10 * MISSED);
        }),
        trial("given_a_parked_connection_when_looks_miss_it_then_its_mark_stays_as_it_is", &Ok(()), || {
            missed(false, MISSED);
        }),
    ]
}

fn missed(is_taken: bool, looks: usize) {
    // Given: a connection that is parked, or of which the first part of a request was taken.
    let odd = Odd::alone("polite");
    let mut client = kept_alive(odd.server.address(), 1).remove(0);
    let (mut parking, mut observer, begin) = parked(1);
    let mut taken = Vec::new();
    if is_taken {
        client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhalf").unwrap();
        while taken.is_empty() {
            assert!(begin.elapsed() < PATIENCE, "{:?}", parking.figures());
            look(&mut parking, &mut observer, begin.elapsed());
            taken = parking.late_requests();
        }
    }
    let before = parking.figures();
    // When: looks end that have not shown it, and others that do.
    for _ in 0..looks {
        parking.begin_look(begin.elapsed());
        parking.end_look();
    }
    for rest in [&b""[..], b"rest"] {
        client.send(if is_taken { rest } else { b"" }).unwrap();
        for _ in 0..AFTER {
            look(&mut parking, &mut observer, begin.elapsed());
        }
    }
    // Then: nothing was raised or lowered, and nothing is the server's to read.
    assert_eq!(parking.figures(), before);
    assert_eq!(odd.marks(), [RAISED]);
    assert!(parking.late_requests().is_empty());
}

fn look(parking: &mut Parking, observer: &mut Observer, now: Duration) {
    parking.begin_look(now);
    observer.look_with(&mut |row, counters, standing| parking.judge(row, counters, standing));
    parking.end_look();
}
