//! What the Services' endpoints and the API server tell, and how long the gate stays open for it.
use super::super::{Action, Drain, Endpoints, Event, Outcome, Policy};
use super::{arrivals, lame_duck, left, ms, policy};
use crate::drain::Condition;

/// The policy in Kubernetes: without a look at the endpoints the gate stays open for 5 s.
fn in_kubernetes() -> Policy {
    Policy { lame_duck: ms(0), unseen_lame_duck: ms(5_000), ..policy() }
}

/// One in which nobody has arrived, and the endpoints were told so after 100 ms.
fn told(endpoints: Endpoints) -> Drain {
    let mut drain = lame_duck(in_kubernetes());
    drain.step(ms(10), arrivals(7));
    assert_eq!(drain.step(ms(100), Event::Endpoints(endpoints)), []);
    drain
}

#[test]
fn given_no_answer_then_the_gate_closes_as_if_nobody_had_been_asked() {
    let mut drain = lame_duck(in_kubernetes());
    drain.step(ms(10), arrivals(7));
    assert_eq!(drain.wake_at(), Some(ms(5_000)));
    assert_eq!(drain.step(ms(5_000), Event::Tick), [Action::CloseGate]);
}

#[test]
fn given_a_withdrawn_pod_when_it_has_propagated_then_the_gate_closes() {
    let mut drain = told(Endpoints::Withdrawn);
    assert_eq!(drain.step(ms(1_599), arrivals(7)), []);
    assert_eq!(drain.step(ms(1_600), arrivals(7)), [Action::CloseGate]);
}

#[test]
fn given_a_withdrawn_pod_that_is_told_of_again_then_it_counts_from_the_first_time() {
    let mut drain = told(Endpoints::Withdrawn);
    drain.step(ms(1_000), Event::Endpoints(Endpoints::Withdrawn));
    assert_eq!(drain.wake_at(), Some(ms(1_600)));
}

#[test]
fn given_a_withdrawn_pod_and_arrivals_then_the_gate_waits_for_settle() {
    let mut drain = told(Endpoints::Withdrawn);
    drain.step(ms(1_500), arrivals(8));
    assert_eq!(drain.wake_at(), Some(ms(1_800)));
    assert_eq!(drain.step(ms(1_800), arrivals(8)), [Action::CloseGate]);
}

#[test]
fn given_an_offered_pod_then_silence_alone_does_not_close_the_gate() {
    let mut drain = told(Endpoints::Offered);
    assert_eq!(drain.step(ms(14_999), arrivals(7)), []);
    assert_eq!(drain.step(ms(15_000), arrivals(7)), [Action::CloseGate], "5 s, and settle-timeout");
}

#[test]
fn given_an_offered_pod_when_it_is_withdrawn_then_propagation_counts_from_there() {
    let mut drain = told(Endpoints::Offered);
    drain.step(ms(3_000), Event::Endpoints(Endpoints::Withdrawn));
    assert_eq!(drain.wake_at(), Some(ms(4_500)));
}

#[test]
fn given_an_offered_pod_when_nobody_tells_any_more_then_it_is_as_if_nobody_had() {
    let mut drain = told(Endpoints::Offered);
    drain.step(ms(3_000), Event::Endpoints(Endpoints::Unknown));
    assert_eq!(drain.wake_at(), Some(ms(5_000)));
}

#[test]
fn given_the_last_endpoint_then_it_stays_until_the_drain_needs_its_share() {
    let mut drain = told(Endpoints::Alone);
    assert_eq!(drain.wake_at(), Some(ms(20_000)), "25 s, less the reserve of 5 s");
    assert_eq!(drain.step(ms(19_999), arrivals(7)), []);
    assert_eq!(drain.step(ms(20_000), arrivals(7)), [Action::CloseGate]);
}

#[test]
fn given_the_last_endpoint_when_another_is_ready_then_propagation_counts_from_there() {
    let mut drain = told(Endpoints::Alone);
    drain.step(ms(7_000), Event::Endpoints(Endpoints::Withdrawn));
    assert_eq!(drain.wake_at(), Some(ms(8_500)));
}

#[test]
fn given_a_pod_that_no_service_selects_then_the_gate_closes_as_outside_of_kubernetes() {
    let mut drain = told(Endpoints::NotSelected);
    assert_eq!(drain.wake_at(), Some(ms(300)), "settle");
    assert_eq!(drain.step(ms(300), Event::Tick), [Action::CloseGate]);
}

#[test]
fn given_a_least_lame_duck_then_no_endpoint_shortens_it() {
    for endpoints in [Endpoints::NotSelected, Endpoints::Withdrawn] {
        let mut drain = lame_duck(Policy { lame_duck: ms(4_000), ..in_kubernetes() });
        drain.step(ms(10), arrivals(7));
        drain.step(ms(100), Event::Endpoints(endpoints));
        assert_eq!(drain.wake_at(), Some(ms(4_000)), "{endpoints:?}");
    }
}

#[test]
fn given_a_longer_propagation_when_it_is_learned_then_it_counts() {
    let mut drain = told(Endpoints::Withdrawn);
    drain.step(ms(200), Event::Propagation(ms(10_000)));
    assert_eq!(drain.wake_at(), Some(ms(10_100)));
}

#[test]
fn given_a_deadline_that_is_learned_then_lame_duck_drain_and_reserve_are_laid_into_what_is_left() {
    let mut drain = told(Endpoints::Offered);
    assert_eq!(drain.step(ms(200), Event::Deadline(ms(9_000))), []);
    // 5 s are kept for the server's stop; of the other 4 s half is for the lame duck.
    assert_eq!(drain.step(ms(1_999), arrivals(7)), []);
    assert_eq!(drain.step(ms(2_000), arrivals(7)), [Action::CloseGate]);
    let left = left(Condition::Queue, 3);
    assert_eq!(drain.step(ms(3_999), left), []);
    assert_eq!(drain.step(ms(4_000), left), [Action::Forward(Outcome::TimedOut)]);
}

#[test]
fn given_a_deadline_that_has_almost_come_when_it_is_learned_then_the_signal_is_forwarded_at_once() {
    let mut drain = told(Endpoints::Offered);
    let actions = drain.step(ms(200), Event::Deadline(ms(5_000)));
    assert_eq!(actions, [Action::CloseGate, Action::Forward(Outcome::TimedOut)]);
}

#[test]
fn given_an_unannounced_stop_then_the_gate_closes_at_once_and_the_rest_is_answered_early() {
    let mut drain = lame_duck(in_kubernetes());
    assert_eq!(drain.step(ms(50), Event::Unannounced), [Action::CloseGate]);
    assert_eq!(drain.wake_at(), Some(ms(1_000)));
    let left = left(Condition::Queue, 3);
    assert_eq!(drain.step(ms(999), left), []);
    assert_eq!(drain.step(ms(1_000), left), [Action::AnswerTheRest]);
    assert_eq!(drain.step(ms(1_001), left), [], "once");
    assert_eq!(drain.wake_at(), Some(ms(25_000)), "and goes on for as long as it is let");
}

#[test]
fn given_an_unannounced_stop_that_is_learned_late_then_the_rest_is_answered_with_the_gate() {
    let mut drain = lame_duck(in_kubernetes());
    let actions = drain.step(ms(1_200), Event::Unannounced);
    assert_eq!(actions, [Action::CloseGate, Action::AnswerTheRest]);
}
