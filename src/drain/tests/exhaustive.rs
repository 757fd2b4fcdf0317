//! Every sequence of a small alphabet of events and pauses, up to a depth, before the [`Witness`].
use super::super::{Condition, Event, Observation, Policy};
use super::ms;
use super::witness::Witness;
use std::time::Duration;

/// Events after the stop signal: 14 ^ 5 sequences a policy, less those that end before.
const DEPTH: usize = 5;

/// Signals and the exit at once; time, and every look, after one pause or none. The policies count in pauses.
fn alphabet() -> Vec<(Duration, Event)> {
    let look = |arrivals, figure| {
        Event::Observed(Observation {
            arrivals,
            queue: figure,
            half_open: figure,
            in_flight: figure,
            ..Observation::default()
        })
    };
    let looks = [
        look(Some(1), Some(0)),
        look(Some(1), Some(2)),
        look(Some(2), Some(0)),
        look(Some(2), Some(2)),
        look(None, None),
    ];
    let at_once = [Event::StopSignal, Event::Skip, Event::Exited].into_iter().chain(looks);
    let after_a_pause = [Event::Tick].into_iter().chain(looks);
    at_once.map(|event| (ms(0), event)).chain(after_a_pause.map(|event| (ms(1), event))).collect()
}

/// One in which each phase takes its time, and others in which a different limit comes first.
fn policies() -> [Policy; 5] {
    let long = Policy {
        timeout: ms(9),
        deadline: None,
        reserve: ms(1),
        lame_duck: ms(1),
        unseen_lame_duck: ms(1),
        propagation: ms(1),
        settle: ms(1),
        settle_timeout: ms(2),
        wait_for: Condition::ALL.to_vec(),
        in_flight_timeout: None,
        silent_grace: ms(2),
        kill_after: ms(1),
    };
    [
        Policy { timeout: ms(2), kill_after: ms(0), ..long.clone() },
        Policy {
            deadline: Some(ms(4)),
            lame_duck: ms(0),
            unseen_lame_duck: ms(0),
            settle: ms(2),
            ..long.clone()
        },
        Policy {
            lame_duck: ms(0),
            unseen_lame_duck: ms(0),
            settle: ms(0),
            wait_for: vec![Condition::HalfOpen],
            ..long.clone()
        },
        Policy {
            lame_duck: ms(0),
            unseen_lame_duck: ms(0),
            settle_timeout: ms(0),
            in_flight_timeout: Some(ms(2)),
            silent_grace: ms(1),
            wait_for: vec![Condition::HalfOpen, Condition::InFlight],
            ..long.clone()
        },
        long,
    ]
}

/// Goes on from `witness` in every way; gives the number of steps.
fn explore(
    witness: &Witness,
    now: Duration,
    path: &mut Vec<(Duration, Event)>,
    alphabet: &[(Duration, Event)],
) -> usize {
    if path.len() > DEPTH {
        return 0;
    }
    let mut steps = 0;
    for letter in alphabet {
        let (now, mut next) = (now + letter.0, witness.clone());
        path.push(*letter);
        if let Err(law) = next.step(now, letter.1) {
            panic!("law {law}; broken by {path:#?}");
        }
        // Once it is over, one more of each letter shows that it stays so.
        steps += 1 + if witness.is_over() { 0 } else { explore(&next, now, path, alphabet) };
        path.pop();
    }
    steps
}

#[test]
fn given_every_short_sequence_of_events_and_pauses_then_every_law_holds() {
    let alphabet = alphabet();
    for policy in policies() {
        let mut witness = Witness::new(policy);
        let stop = (ms(0), Event::StopSignal);
        assert_eq!(witness.step(stop.0, stop.1), Ok(()));
        let steps = explore(&witness, ms(0), &mut vec![stop], &alphabet);
        assert!(steps > alphabet.len().pow(2), "only {steps} steps were taken");
    }
}

#[test]
fn given_every_event_before_the_stop_signal_then_every_law_holds() {
    let alphabet = alphabet();
    for policy in policies() {
        let serving = Witness::new(policy);
        for first in &alphabet {
            let mut witness = serving.clone();
            assert_eq!(witness.step(first.0, first.1), Ok(()), "{first:?}");
            for second in &alphabet {
                let mut witness = witness.clone();
                assert_eq!(witness.step(first.0 + second.0, second.1), Ok(()), "{first:?}, {second:?}");
            }
        }
    }
}
