//! The life of a [`Child`], in a process of its own: `reap` takes every child there is.
mod support;

use lameduck::supervisor::{Child, Launch, Signal, Signals, Status};
use libtest_mimic::{Arguments, Trial};
use rustix::process::test_kill_process;
use support::wait_for;

fn main() {
    // Before any other thread, as in the program: a thread that does not block CHLD would lose it.
    let signals = Signals::block().expect("a signalfd");
    let story = Trial::test("a_child_is_signalled_until_it_is_reaped_and_never_after", move || {
        is_signalled_until_it_is_reaped_and_never_after(&signals);
        Ok(())
    });
    libtest_mimic::run(&Arguments::from_args(), vec![story]).exit();
}

fn is_signalled_until_it_is_reaped_and_never_after(signals: &Signals) {
    // Given: a running child.
    let launch = Launch { command: vec!["sleep".into(), "1000".into()], listeners: vec![] };
    let mut child = Child::spawn(&launch).unwrap();
    assert_eq!(child.reap(), None);
    // When: it is sent a real-time signal, which ends it.
    let last = Signal::new(64).unwrap();
    child.send(last).unwrap();
    let received = wait_for("word of its end", || signals.next().unwrap());
    assert_eq!(received.signal, Signal::CHLD);
    // Then: until it is reaped its process id is its own, so that a signal can hit nobody else.
    test_kill_process(child.pid()).unwrap();
    child.send(last).unwrap();
    assert_eq!(child.reap(), Some(Status::Killed(last)));
    assert_eq!(child.status(), Some(Status::Killed(last)));
    // And: afterwards the id is free for others, and nothing is sent to it.
    test_kill_process(child.pid()).unwrap_err();
    child.send(last).unwrap();
}
