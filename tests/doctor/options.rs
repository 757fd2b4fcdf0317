//! With the options of `run` it says what they would give.
use super::doctor;
use crate::support::trial::trial;
use crate::support::{finish, lameduck};
use libtest_mimic::Trial;
use std::fs::OpenOptions;

pub fn trials() -> Vec<Trial> {
    let test = |name, test: fn()| trial(name, &Ok(()), test);
    vec![
        test("what_is_asked_for_is_what_is_planned", planned),
        test("options_that_contradict_each_other_are_refused", refused),
        test("nobody_to_tell_is_a_failure_of_its_own", nobody),
        test("people_are_told_in_lines", lines),
    ]
}

fn planned() {
    assert_eq!(doctor(&["--gate", "none"]).plan(), ("none", "none", true));
    assert_eq!(doctor(&["--gate", "none"]).promise(), "weaker");
    assert_eq!(doctor(&["--gate", "divert", "--park", "off"]).plan(), ("getfd", "divert", false));
    assert_eq!(doctor(&["--gate", "divert", "--capture", "bind"]).plan(), ("bind", "divert", true));
    assert_eq!(
        doctor(&["--gate", "divert", "--listen", "127.0.0.1:8000"]).plan(),
        ("listen", "divert", true)
    );
}

fn refused() {
    let output = finish(lameduck().args(["doctor", "--capture", "listen"]));
    assert_eq!(output.status.code(), Some(125));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("--capture listen holds the sockets of --listen, and there is none"), "{said}");
    assert!(output.stdout.is_empty());
}

fn nobody() {
    let full = OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let mut process = lameduck().arg("doctor").stdout(full).spawn().expect("lameduck");
    assert_eq!(process.wait().expect("its end").code(), Some(125));
}

fn lines() {
    let output = finish(lameduck().args(["doctor", "--gate", "none"]));
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("pidfd_getfd            ok       "), "{said}");
    assert!(
        said.contains("`lameduck run` here: capture none, gate none, park auto. Promise: weaker."),
        "{said}"
    );
}
