//! The server has its signal, or is gone.
use super::super::{Action, Condition, Drain, Event, Outcome, Phase, Policy};
use super::{arrivals, gated, lame_duck, left, ms, nothing_left, policy};

/// A drain that forwarded at 0.
fn stopping(policy: Policy) -> Drain {
    let mut drain = gated(policy);
    assert_eq!(drain.step(ms(0), nothing_left())[0], Action::Forward(Outcome::Drained));
    drain
}

#[test]
fn given_a_server_that_does_not_stop_when_kill_after_has_passed_then_it_is_killed_once() {
    let mut drain = stopping(policy());
    assert_eq!(drain.wake_at(), Some(ms(4_000)));
    assert_eq!(drain.step(ms(3_999), Event::Tick), []);
    assert_eq!(drain.step(ms(4_000), Event::Tick), [Action::Kill]);
    assert_eq!((drain.phase(), drain.wake_at()), (Phase::Stopping, None));
    for now in [4_000, 4_001, 60_000] {
        assert_eq!(drain.step(ms(now), Event::Tick), []);
    }
}

#[test]
fn given_kill_after_zero_when_the_signal_is_forwarded_then_the_server_is_killed_after_it() {
    let mut drain = gated(Policy { kill_after: ms(0), ..policy() });
    let actions = drain.step(ms(10), nothing_left());
    assert_eq!(actions, [Action::Forward(Outcome::Drained), Action::Kill]);
    assert_eq!(drain.step(ms(10), Event::Tick), []);
}

#[test]
fn given_a_stopping_server_when_more_signals_come_then_the_drain_has_no_more_to_say() {
    let mut drain = stopping(policy());
    for event in [Event::StopSignal, Event::Skip, Event::StopSignal, nothing_left(), arrivals(9)] {
        assert_eq!(drain.step(ms(3_999), event), []);
    }
    assert_eq!(drain.wake_at(), Some(ms(4_000)), "nor do they put the kill off");
}

#[test]
fn given_a_server_that_goes_in_any_phase_then_nothing_is_done_any_more() {
    let serving = Drain::new(policy());
    let mut killed = stopping(policy());
    killed.step(ms(4_000), Event::Tick);
    for mut drain in [serving, lame_duck(policy()), gated(policy()), stopping(policy()), killed] {
        let phase = drain.phase();
        assert_eq!(drain.step(ms(4_000), Event::Exited), [], "{phase:?}");
        assert_eq!((drain.phase(), drain.wake_at()), (Phase::Exited, None), "{phase:?}");
        let others = [Event::Tick, Event::StopSignal, Event::Skip, Event::Exited, nothing_left()];
        for event in others.into_iter().chain([left(Condition::Queue, 1)]) {
            assert_eq!(drain.step(ms(60_000), event), [], "{phase:?}, then {event:?}");
        }
        assert_eq!(drain.phase(), Phase::Exited, "{phase:?}");
    }
}
