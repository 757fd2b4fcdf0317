//! Random policies and random events, on a clock that never goes back, before the [`Witness`].
use super::super::{Condition, Endpoints, Event, Observation, Policy};
use super::ms;
use super::witness::Witness;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::time::Duration;

/// Few lengths, so that limits coincide; nothing, and no end, among them.
fn duration() -> impl Strategy<Value = Duration> {
    select(vec![ms(0), ms(1), ms(300), ms(1_000), ms(2_000), ms(5_000), ms(25_000), Duration::MAX])
}

/// What passes between two events: mostly little.
fn pause() -> impl Strategy<Value = Duration> {
    select(vec![ms(0), ms(0), ms(1), ms(100), ms(299), ms(300), ms(1_000), ms(5_000), ms(25_000)])
}

prop_compose! {
    fn policy()(
        [timeout, reserve, lame_duck, unseen_lame_duck, propagation, settle, settle_timeout, silent_grace, kill_after] in
            [duration(), duration(), duration(), duration(), duration(), duration(), duration(), duration(), duration()],
        deadline in option::of(duration()),
        in_flight_timeout in option::of(duration()),
        wait_for in subsequence(Condition::ALL.to_vec(), 0..=Condition::ALL.len()),
    ) -> Policy {
        Policy {
            timeout, deadline, reserve, lame_duck, unseen_lame_duck, propagation, settle, settle_timeout, wait_for, in_flight_timeout, silent_grace,
            kill_after,
        }
    }
}

fn figure() -> impl Strategy<Value = Option<u32>> {
    select(vec![None, Some(0), Some(0), Some(0), Some(1), Some(u32::MAX)])
}

prop_compose! {
    fn observation()(
        arrivals in select(vec![None, Some(7), Some(7), Some(7), Some(8)]),
        [queue, half_open, unread, in_flight, silent, idle, unknown] in
            [figure(), figure(), figure(), figure(), figure(), figure(), figure()],
    ) -> Observation {
        Observation { arrivals, queue, half_open, unread, in_flight, silent, idle, unknown }
    }
}

const ENDPOINTS: [Endpoints; 5] =
    [Endpoints::Unknown, Endpoints::NotSelected, Endpoints::Offered, Endpoints::Alone, Endpoints::Withdrawn];

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        20 => observation().prop_map(Event::Observed),
        10 => Just(Event::Tick),
        4 => select(ENDPOINTS.to_vec()).prop_map(Event::Endpoints),
        1 => duration().prop_map(Event::Deadline),
        1 => duration().prop_map(Event::Propagation),
        1 => Just(Event::Unannounced),
        1 => Just(Event::StopSignal),
        1 => Just(Event::Skip),
        1 => Just(Event::Exited),
    ]
}

fn events() -> impl Strategy<Value = Vec<(Duration, Event)>> {
    vec((pause(), event()), 0..30)
}

fn run(witness: &mut Witness, mut now: Duration, events: &[(Duration, Event)]) -> Duration {
    for (index, (pause, event)) in events.iter().enumerate() {
        now += *pause;
        if let Err(law) = witness.step(now, *event) {
            panic!("law {law}; broken at {now:?} by event {index}");
        }
    }
    now
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn given_any_policy_and_any_events_then_every_law_holds(
        policy in policy(),
        before in events(),
        after in events(),
    ) {
        let mut witness = Witness::new(policy);
        let now = run(&mut witness, ms(0), &before);
        let now = run(&mut witness, now, &[(ms(1), Event::StopSignal)]);
        run(&mut witness, now, &after);
    }

    /// At most three waits are left: for the gate, the forward and the kill.
    #[test]
    fn given_a_driver_that_only_sleeps_until_it_is_woken_then_the_drain_ends_within_three_steps(
        policy in policy(),
        events in events(),
    ) {
        let mut witness = Witness::new(policy);
        let mut now = run(&mut witness, ms(0), &[(ms(1), Event::StopSignal)]);
        now = run(&mut witness, now, &events);
        for _ in 0..3 {
            let Some(wake_at) = witness.drain.wake_at() else { break };
            now = run(&mut witness, wake_at, &[(ms(0), Event::Tick)]);
        }
        prop_assert!(witness.is_over(), "waits for {:?} at {now:?}", witness.drain.wake_at());
    }
}
