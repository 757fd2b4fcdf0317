//! What bounds every phase: the timeout, and the deadline less what is reserved.
use super::super::{Action, Condition, Drain, Event, Outcome, Phase, Policy};
use super::{arrivals, gated, lame_duck, left, ms, nothing_left, policy};
use std::time::Duration;

const FORWARD: Action = Action::Forward(Outcome::TimedOut);

#[test]
fn given_a_lame_duck_longer_than_the_timeout_then_gate_and_forward_come_in_one_step_in_this_order() {
    let mut drain = lame_duck(Policy { lame_duck: ms(60_000), ..policy() });
    assert_eq!(drain.wake_at(), Some(ms(25_000)));
    assert_eq!(drain.step(ms(24_999), Event::Tick), []);
    assert_eq!(drain.step(ms(25_000), Event::Tick), [Action::CloseGate, FORWARD]);
}

#[test]
fn given_a_queue_that_never_empties_when_the_timeout_comes_then_the_signal_is_forwarded() {
    let mut drain = gated(policy());
    assert_eq!(drain.step(ms(24_999), left(Condition::Queue, 1)), []);
    assert_eq!(drain.step(ms(25_000), left(Condition::Queue, 1)), [FORWARD]);
}

#[test]
fn given_a_queue_that_empties_as_the_timeout_comes_then_the_drain_is_complete() {
    let mut drain = gated(policy());
    assert_eq!(drain.step(ms(25_000), nothing_left()), [Action::Forward(Outcome::Drained)]);
}

#[test]
fn given_a_drain_that_began_late_then_its_limits_count_from_the_stop_signal() {
    let mut drain = Drain::new(policy());
    drain.step(ms(1_000_000), Event::StopSignal);
    assert_eq!(drain.step(ms(1_012_000), Event::Tick), [Action::CloseGate]);
    assert_eq!(drain.wake_at(), Some(ms(1_025_000)));
}

#[test]
fn given_a_deadline_then_the_signal_is_forwarded_so_much_before_it_as_is_reserved() {
    let mut drain = gated(Policy { deadline: Some(ms(12_000)), reserve: ms(5_000), ..policy() });
    assert_eq!(drain.wake_at(), Some(ms(7_000)));
    assert_eq!(drain.step(ms(6_999), Event::Tick), []);
    assert_eq!(drain.step(ms(7_000), Event::Tick), [FORWARD]);
}

#[test]
fn given_a_deadline_beyond_the_timeout_then_the_timeout_comes_first() {
    let drain = gated(Policy { deadline: Some(ms(60_000)), ..policy() });
    assert_eq!(drain.wake_at(), Some(ms(25_000)));
}

#[test]
fn given_a_deadline_shorter_than_what_is_reserved_then_the_signal_is_forwarded_at_once() {
    for deadline in [0, 4_999, 5_000] {
        let mut drain = Drain::new(Policy { deadline: Some(ms(deadline)), ..policy() });
        let actions = drain.step(ms(10), Event::StopSignal);
        assert_eq!(actions, [Action::PrepareGate, Action::CloseGate, FORWARD], "{deadline}");
    }
}

#[test]
fn given_timeout_zero_when_the_stop_signal_comes_then_everything_is_done_in_one_step() {
    let mut drain = Drain::new(Policy { timeout: ms(0), kill_after: ms(0), ..policy() });
    let actions = drain.step(ms(10), Event::StopSignal);
    assert_eq!(actions, [Action::PrepareGate, Action::CloseGate, FORWARD, Action::Kill]);
    assert_eq!((drain.phase(), drain.wake_at()), (Phase::Stopping, None));
}

#[test]
fn given_limits_without_end_then_nothing_overflows_and_the_drain_still_ends_when_nothing_is_left() {
    let endless = Duration::MAX;
    let mut drain = Drain::new(Policy {
        timeout: endless,
        deadline: Some(endless),
        reserve: ms(0),
        settle_timeout: endless,
        in_flight_timeout: Some(endless),
        silent_grace: endless,
        kill_after: endless,
        ..policy()
    });
    drain.step(ms(10), Event::StopSignal);
    drain.step(ms(20), arrivals(7));
    assert_eq!(drain.step(ms(2_010), arrivals(7)), [Action::CloseGate]);
    assert_eq!(drain.step(ms(2_020), left(Condition::InFlight, 1)), []);
    assert_eq!(drain.step(ms(2_030), nothing_left()), [Action::Forward(Outcome::Drained)]);
    assert_eq!(drain.wake_at(), Some(endless));
}
