//! Park in a restricted pod whose profile is that of `deploy/seccomp/`: busy kept-alive clients of a server that drops them
//! when it is stopped, in a container of runc's.
use crate::container::{self, Container};
use crate::kept_alive::{CLIENTS, Outcome, nobody_is_lost, plan, stopped_by_term};
use crate::profile;
use crate::support::ports::free_port;
use crate::support::python;
use crate::support::trial::trial;
use libtest_mimic::Trial;
use std::time::Duration;

pub fn trials() -> Vec<Trial> {
    let needs = container::needs().and(python::usable_by_others());
    vec![trial("busy_kept_alive_clients_are_parked_under_the_profile_and_none_is_lost", &needs, parked)]
}

fn parked() {
    let port = free_port();
    let (waitress, listen) = (python::program("waitress-serve"), format!("127.0.0.1:{port}"));
    let words = [
        &[env!("CARGO_BIN_EXE_lameduck"), "run", "--", waitress.to_str().expect("UTF-8")][..],
        &["--listen", &listen, "--threads", "64", "app:application"],
    ];
    let container = Container::new(&words.concat(), &[("PYTHONPATH", python::SERVERS)], &profile::ours());
    let mut server = container.server(port).start();
    let plan = plan(&server, Duration::from_micros(200), 5);
    let Outcome { tally, status } = stopped_by_term(&mut server, plan);
    println!("{tally:?}");
    nobody_is_lost(&tally);
    // waitress has no handler of TERM.
    assert_eq!(status.code(), Some(128 + libc::SIGTERM));
    let log = server.log();
    let parked = log.split("parked=").nth(1).and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    assert!(parked >= Some(CLIENTS), "{log}");
    assert!(server.processes().is_empty(), "nothing is left behind");
}
