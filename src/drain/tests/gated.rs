//! The gate is closed: what is waited for, and for how long.
use super::super::{Action, Condition, Event, Observation, Outcome, Phase, Policy};
use super::{arrivals, gated, lame_duck, left, ms, nothing_left, policy};

const DRAINED: [Action; 1] = [Action::Forward(Outcome::Drained)];

#[test]
fn given_an_idle_server_when_it_has_settled_then_one_look_after_the_gate_forwards() {
    let mut drain = lame_duck(Policy { lame_duck: ms(0), unseen_lame_duck: ms(0), ..policy() });
    assert_eq!(drain.step(ms(10), arrivals(7)), []);
    assert_eq!(drain.step(ms(310), arrivals(7)), [Action::CloseGate]);
    assert_eq!(drain.step(ms(310), nothing_left()), DRAINED);
    assert_eq!(drain.phase(), Phase::Stopping);
}

#[test]
fn given_a_closed_gate_when_only_time_passes_then_the_signal_is_held_back() {
    let mut drain = gated(policy());
    assert_eq!(drain.step(ms(24_999), Event::Tick), []);
    assert_eq!(drain.wake_at(), Some(ms(25_000)));
}

#[test]
fn given_one_condition_to_wait_for_then_it_holds_the_signal_back_and_no_other_does() {
    for waited_for in Condition::ALL {
        for condition in Condition::ALL {
            let mut drain = gated(Policy { wait_for: vec![waited_for], ..policy() });
            let held_back = drain.step(ms(10), left(condition, 1)).is_empty();
            assert_eq!(held_back, condition == waited_for, "{condition:?} while waiting for {waited_for:?}");
        }
    }
}

#[test]
fn given_all_conditions_when_the_last_one_becomes_zero_then_the_signal_is_forwarded_in_the_same_step() {
    for last in Condition::ALL {
        let mut drain = gated(policy());
        assert_eq!(drain.step(ms(10), left(last, 2)), [], "{last:?}");
        assert_eq!(drain.step(ms(20), left(last, 1)), [], "{last:?}");
        assert_eq!(drain.step(ms(30), left(last, 0)), DRAINED, "{last:?}");
    }
}

#[test]
fn given_figures_that_cannot_be_told_then_they_are_not_waited_for() {
    let mut drain = gated(policy());
    let queue_only = Observation { queue: Some(1), ..Observation::default() };
    assert_eq!(drain.step(ms(10), Event::Observed(queue_only)), []);
    assert_eq!(drain.step(ms(20), Event::Observed(Observation::default())), DRAINED);
}

#[test]
fn given_idle_connections_and_arrivals_then_they_are_not_waited_for() {
    let mut drain = gated(policy());
    let seen = Observation { idle: Some(40), arrivals: Some(9), queue: Some(0), ..Observation::default() };
    assert_eq!(drain.step(ms(10), Event::Observed(seen)), DRAINED);
}

#[test]
fn given_half_open_handshakes_that_never_end_then_they_are_waited_for_during_the_silent_grace_only() {
    let mut drain = gated(policy());
    assert_eq!(drain.step(ms(999), left(Condition::HalfOpen, 1)), []);
    assert_eq!(drain.step(ms(1_000), left(Condition::HalfOpen, 1)), DRAINED);
}

#[test]
fn given_a_gate_that_closed_late_then_the_silent_grace_counts_from_it() {
    let mut drain = lame_duck(policy());
    assert_eq!(drain.step(ms(12_000), Event::Tick), [Action::CloseGate]);
    assert_eq!(drain.step(ms(12_999), left(Condition::HalfOpen, 1)), []);
    assert_eq!(drain.step(ms(13_000), left(Condition::HalfOpen, 1)), DRAINED);
}

#[test]
fn given_an_in_flight_timeout_then_requests_in_flight_are_waited_for_from_the_gate_on_so_long() {
    let mut drain = gated(Policy { in_flight_timeout: Some(ms(3_000)), ..policy() });
    assert_eq!(drain.step(ms(2_999), left(Condition::InFlight, 1)), []);
    assert_eq!(drain.step(ms(3_000), left(Condition::InFlight, 1)), DRAINED);
}

#[test]
fn given_an_in_flight_timeout_then_it_and_the_silent_grace_do_not_bound_the_other_conditions() {
    for condition in [Condition::Queue, Condition::Unread, Condition::Silent] {
        let mut drain = gated(Policy { in_flight_timeout: Some(ms(3_000)), ..policy() });
        assert_eq!(drain.step(ms(24_999), left(condition, 1)), [], "{condition:?}");
    }
}

#[test]
fn given_a_bound_of_one_condition_that_has_passed_then_the_driver_is_not_kept_awake_by_it() {
    let mut drain = gated(Policy { in_flight_timeout: Some(ms(3_000)), ..policy() });
    for now in [10, 1_000, 1_500, 3_000, 3_500] {
        drain.step(ms(now), left(Condition::Queue, 1));
        assert!(drain.wake_at() > Some(ms(now)), "{now}");
    }
}

#[test]
fn given_nothing_to_wait_for_when_anything_is_seen_then_the_signal_is_forwarded() {
    let mut drain = gated(Policy { wait_for: Vec::new(), ..policy() });
    assert_eq!(drain.step(ms(10), left(Condition::Queue, 9)), DRAINED);
}

#[test]
fn given_a_closed_gate_when_a_second_signal_comes_then_the_signal_is_forwarded_at_once() {
    for second in [Event::StopSignal, Event::Skip] {
        let mut drain = gated(policy());
        drain.step(ms(10), left(Condition::Queue, 9));
        assert_eq!(drain.step(ms(20), second), [Action::Forward(Outcome::Skipped)]);
    }
}

#[test]
fn given_a_limit_for_requests_in_flight_then_they_hold_the_signal_back_until_then_and_only_where_waited_for()
{
    let drain = gated(Policy { in_flight_timeout: Some(ms(500)), ..policy() });
    assert!(drain.waits_for_requests(ms(499)));
    assert!(!drain.waits_for_requests(ms(500)));
    for one in [Condition::Unread, Condition::InFlight, Condition::Queue] {
        assert!(!gated(Policy { wait_for: vec![one], ..policy() }).waits_for_requests(ms(0)));
    }
}
