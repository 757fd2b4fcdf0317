//! What is tried again, and when.
use super::super::trouble::Trouble;
use std::time::Duration;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn given_an_overloaded_server_then_its_retry_after_is_kept_within_bounds() {
    let overloaded = |seconds: Option<u64>| Trouble::Overloaded {
        status: 429,
        retry_after: seconds.map(Duration::from_secs),
    };
    assert_eq!(overloaded(Some(1)).pause(1), Some(ms(1_000)));
    assert_eq!(overloaded(Some(0)).pause(2), Some(ms(200)), "never at once");
    assert_eq!(overloaded(None).pause(3), Some(ms(400)));
    assert_eq!(overloaded(Some(86_400)).pause(1), Some(ms(10_000)));
    assert_eq!(overloaded(Some(1)).pause(6), None, "not for ever");
}

#[test]
fn given_what_will_not_be_otherwise_then_nothing_is_tried_again() {
    let forbidden = Trouble::Forbidden { what: "pods", verb: "get", option: "--own-pod leave" };
    assert_eq!([forbidden.pause(1), Trouble::Unauthorized.pause(1), Trouble::Nameless.pause(1)], [None; 3]);
}

#[test]
fn given_what_may_pass_then_it_is_tried_again_a_bounded_number_of_times() {
    let pauses: Vec<_> = (1..=6).map(|tries| Trouble::Gone.pause(tries)).collect();
    assert_eq!(
        pauses,
        [100, 200, 400, 800, 1_600]
            .map(|pause| Some(ms(pause)))
            .into_iter()
            .chain([None])
            .collect::<Vec<_>>()
    );
}
