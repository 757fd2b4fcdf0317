//! The server goes on accepting: how long, and what holds it up.
use super::super::{Action, Drain, Event, Observation, Outcome, Phase, Policy};
use super::{arrivals, lame_duck, ms, nothing_left, policy};

#[test]
fn given_a_serving_server_when_anything_but_the_stop_signal_comes_then_nothing_is_done() {
    let mut drain = Drain::new(policy());
    for event in [Event::Tick, Event::Skip, nothing_left(), arrivals(7)] {
        assert_eq!(drain.step(ms(60_000), event), []);
    }
    assert_eq!((drain.phase(), drain.wake_at()), (Phase::Serving, None));
}

#[test]
fn given_a_serving_server_when_the_stop_signal_comes_then_the_gate_is_prepared_and_left_open() {
    let mut drain = Drain::new(policy());
    assert_eq!(drain.step(ms(60_000), Event::StopSignal), [Action::PrepareGate]);
    assert_eq!(drain.phase(), Phase::LameDuck);
}

#[test]
fn given_no_arrivals_when_settle_has_passed_then_the_gate_waits_for_the_least_lame_duck() {
    let mut drain = lame_duck(policy());
    assert_eq!(drain.step(ms(10), arrivals(7)), []);
    assert_eq!(drain.wake_at(), Some(ms(2_000)));
    assert_eq!(drain.step(ms(1_999), arrivals(7)), []);
    assert_eq!(drain.step(ms(2_000), Event::Tick), [Action::CloseGate]);
}

#[test]
fn given_an_arrival_when_the_least_lame_duck_is_over_then_the_gate_waits_for_settle() {
    let mut drain = lame_duck(policy());
    drain.step(ms(10), arrivals(7));
    drain.step(ms(1_900), arrivals(8));
    assert_eq!(drain.wake_at(), Some(ms(2_200)));
    assert_eq!(drain.step(ms(2_199), arrivals(8)), []);
    assert_eq!(drain.step(ms(2_200), arrivals(8)), [Action::CloseGate]);
}

#[test]
fn given_arrivals_without_end_when_settle_timeout_has_passed_then_the_gate_closes() {
    let mut drain = lame_duck(policy());
    for look in 1..1_200 {
        assert_eq!(drain.step(ms(look * 10), arrivals(look)), [], "{look}");
    }
    assert_eq!(drain.wake_at(), Some(ms(12_000)));
    assert_eq!(drain.step(ms(12_000), arrivals(1_200)), [Action::CloseGate]);
}

#[test]
fn given_arrivals_that_cannot_be_told_when_settle_timeout_has_passed_then_the_gate_closes() {
    let mut drain = lame_duck(policy());
    let unknown = Event::Observed(Observation::default());
    assert_eq!(drain.step(ms(10), arrivals(7)), []);
    assert_eq!(drain.step(ms(20), unknown), []);
    assert_eq!(drain.step(ms(11_999), unknown), []);
    assert_eq!(drain.step(ms(12_000), unknown), [Action::CloseGate]);
}

#[test]
fn given_arrivals_that_could_not_be_told_for_a_while_then_quiet_counts_from_when_they_can() {
    let mut drain = lame_duck(policy());
    drain.step(ms(10), arrivals(7));
    drain.step(ms(1_900), Event::Observed(Observation::default()));
    drain.step(ms(2_100), arrivals(7));
    assert_eq!(drain.wake_at(), Some(ms(2_400)));
}

#[test]
fn given_nothing_left_when_it_is_seen_before_the_gate_closes_then_the_signal_is_held_back() {
    let mut drain = lame_duck(policy());
    assert_eq!(drain.step(ms(10), nothing_left()), []);
    assert_eq!(drain.step(ms(12_000), nothing_left()), [Action::CloseGate]);
    assert_eq!(drain.phase(), Phase::Gated, "what the gate could not keep away was not looked for yet");
}

#[test]
fn given_settle_zero_when_the_least_lame_duck_is_over_then_arrivals_do_not_matter() {
    for seen in [None, Some(arrivals(8)), Some(Event::Observed(Observation::default()))] {
        let mut drain = lame_duck(Policy { settle: ms(0), ..policy() });
        drain.step(ms(10), arrivals(7));
        assert_eq!(drain.step(ms(1_999), seen.unwrap_or(Event::Tick)), []);
        assert_eq!(drain.step(ms(2_000), seen.unwrap_or(Event::Tick)), [Action::CloseGate]);
    }
}

#[test]
fn given_no_lame_duck_and_settle_zero_when_the_stop_signal_comes_then_the_gate_closes_at_once() {
    let mut drain =
        Drain::new(Policy { lame_duck: ms(0), unseen_lame_duck: ms(0), settle: ms(0), ..policy() });
    assert_eq!(drain.step(ms(10), Event::StopSignal), [Action::PrepareGate, Action::CloseGate]);
    assert_eq!(drain.phase(), Phase::Gated);
}

#[test]
fn given_a_lame_duck_when_a_second_signal_comes_then_the_gate_closes_and_the_signal_is_forwarded() {
    for second in [Event::StopSignal, Event::Skip] {
        let mut drain = lame_duck(policy());
        let actions = drain.step(ms(10), second);
        assert_eq!(actions, [Action::CloseGate, Action::Forward(Outcome::Skipped)]);
    }
}

/// The kubelet's probes count as arrivals, one a second.
#[test]
fn given_a_probe_a_second_then_a_settle_of_less_finds_its_quiet_and_a_longer_one_never_does() {
    let ends = |settle| {
        let mut drain = lame_duck(Policy { settle: ms(settle), ..policy() });
        (1..=1_200)
            .map(|look| look * 10)
            .find(|at| drain.step(ms(*at), arrivals(at / 1_000)) == [Action::CloseGate])
    };
    assert_eq!(ends(300), Some(2_300));
    assert_eq!(ends(990), Some(2_990));
    assert_eq!(ends(1_010), Some(12_000), "by settle_timeout");
}
