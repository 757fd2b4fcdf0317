//! What a look shows of unix connections, by the kernel's table and without it.
use crate::scene::Place;
use crate::support::trial::trial;
use crate::support::wait_for;
use lameduck::sockets::{Listener, Look, Observer, Watched, Whose, discovery};
use libtest_mimic::Trial;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::time::Duration;

/// Nobody is young for longer than this in these tests, or everybody is.
const LONG: Duration = Duration::from_hours(1);

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_connection_is_counted_as_what_can_be_told_of_it", &Ok(()), standings),
        trial("unix_listeners_are_found_by_the_table_and_by_proc", &Ok(()), are_found),
    ]
}

fn standings() {
    let place = Place::new();
    let path = place.socket(60);
    let server = UnixListener::bind(&path).unwrap();
    let observer = |young| {
        let mut observer = Observer::open(young);
        let held = OwnedFd::from(server.try_clone().unwrap());
        let listener = Listener::of(&held).unwrap();
        observer.watch(vec![Watched { listener, duplicate: Some(Arc::new(held)) }]);
        observer
    };
    let (mut young, mut old) = (observer(LONG), observer(Duration::ZERO));
    let nobody = Look::at_nobody();
    assert_eq!(old.look(), nobody);

    let mut client = UnixStream::connect(&path).unwrap();
    assert_eq!(old.look(), Look { queue: Some(1), ..nobody });
    let (mut accepted, _) = server.accept().unwrap();
    assert_eq!(young.look(), Look { in_flight: Some(1), ..nobody });
    assert_eq!(old.look(), Look { unknown: Some(1), ..nobody });

    client.write_all(b"GET").unwrap();
    assert_eq!(old.look(), Look { unread: Some(1), ..nobody });
    accepted.read_exact(&mut [0; 3]).unwrap();
    assert_eq!(old.look(), Look { unknown: Some(1), ..nobody });

    accepted.write_all(b"200").unwrap();
    assert_eq!(old.look(), Look { in_flight: Some(1), ..nobody }, "an answer that is not read yet");
    client.read_exact(&mut [0; 3]).unwrap();
    assert_eq!(old.look(), Look { unknown: Some(1), ..nobody });

    drop(accepted);
    assert_eq!(old.look(), nobody);
}

fn are_found() {
    let place = Place::new();
    let path = place.socket(60);
    let _server = UnixListener::bind(&path).unwrap();
    let us = Whose::Below(rustix::process::getppid().unwrap());
    let mut diag = lameduck::sockets::diag::SockDiag::open().unwrap();
    let mut find = |by_diag: bool| {
        let found = discovery::discover(by_diag.then_some(&mut diag), &us, &[]).unwrap().listeners;
        let here = format!("unix:{}", path.display());
        found.into_iter().find(|found| found.address.to_string() == here)
    };
    let by_diag = wait_for("our own listener", || find(true));
    // std's listen(2) asks for the longest queue; /proc shows no limit.
    assert!(by_diag.limit.is_some_and(|limit| limit > 0), "{by_diag:?}");
    assert_eq!(find(false), Some(Listener { limit: None, ..by_diag.clone() }));
    assert_eq!(by_diag.holders.len(), 1);
}
