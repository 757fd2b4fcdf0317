//! What the server has let go, lameduck lets go: nobody is left connecting to nobody.
use super::probe::{announced, plainly, said, words};
use crate::support::ports::free_port;
use crate::support::trial::trial;
use crate::support::{finish, lameduck, wait_for};
use libtest_mimic::Trial;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

pub fn trials() -> Vec<Trial> {
    let test = |name, test: fn()| trial(name, &Ok(()), test);
    vec![
        test("a_listener_that_is_closed_and_bound_again_at_once_finds_its_address_free", || {
            assert_eq!(announced("rebound"), "held older ones held: False\n");
        }),
        test("clients_of_a_listener_that_is_closed_for_good_are_refused", || {
            assert_eq!(plainly("closed_for_good"), "not held\nqueued: reset\n");
            assert_eq!(announced("closed_for_good"), "held\nqueued: reset\n");
        }),
        test("a_connection_from_a_port_of_its_own_is_not_held_and_ends_when_it_is_closed", || {
            assert_eq!(announced("outgoing"), "not held\nend of file: True\n");
        }),
        test("a_second_lameduck_is_told_that_the_address_is_taken", taken_by_another),
    ]
}

fn taken_by_another() {
    let port = free_port().to_string();
    let command = || {
        let mut command = lameduck();
        command.args(["run", "--capture", "bind", "--"]).args(words("one_at")).arg(&port);
        command
    };
    let mut first =
        command().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program under test");
    let mut lines = BufReader::new(first.stdout.take().expect("a pipe")).lines();
    let mut line = || lines.next().expect("a line").expect("UTF-8");
    assert_eq!((line(), line()), ("bound".into(), "held".into()));
    let second = finish(&mut command());
    assert_eq!(String::from_utf8_lossy(&second.stdout).lines().next(), Some("EADDRINUSE"));
    // And when the first is gone, it is free.
    drop(first.stdin.take());
    wait_for("the first one's end", || first.try_wait().expect("our own child"));
    assert_eq!(said(&finish(&mut command())), "bound\nheld\n");
}
