//! The drain stepped by hand: no time passes and no thread runs.
//!
//! | file | subject |
//! |---|---|
//! | `lame_duck`, `gated`, `stopping`, `limits` | stories of one phase, or of what bounds them all |
//! | `endpoints` | what the Services' endpoints and the API server tell |
//! | `witness` | the laws of a drain, checked at every step |
//! | `random` | random policies and events before the witness |
//! | `exhaustive` | every sequence of a small alphabet before the witness |
//! | `report` | the report as JSON, and its documented schema |
mod endpoints;
mod exhaustive;
mod gated;
mod lame_duck;
mod limits;
mod random;
mod report;
mod stopping;
mod witness;

use super::{Condition, Drain, Event, Observation, Phase, Policy};
use std::time::Duration;

/// The policy of the stories: every limit has another length, and none is zero.
fn policy() -> Policy {
    Policy {
        timeout: ms(25_000),
        deadline: None,
        reserve: ms(5_000),
        lame_duck: ms(2_000),
        unseen_lame_duck: ms(2_000),
        propagation: ms(1_500),
        settle: ms(300),
        settle_timeout: ms(10_000),
        wait_for: Condition::ALL.to_vec(),
        in_flight_timeout: None,
        silent_grace: ms(1_000),
        kill_after: ms(4_000),
    }
}

/// A drain whose stop signal came at 0.
fn lame_duck(policy: Policy) -> Drain {
    let mut drain = Drain::new(policy);
    drain.step(ms(0), Event::StopSignal);
    assert_eq!(drain.phase(), Phase::LameDuck);
    drain
}

/// A drain whose stop signal came at 0, and whose gate closed at 0 as well.
fn gated(policy: Policy) -> Drain {
    let mut drain = Drain::new(Policy {
        lame_duck: ms(0),
        unseen_lame_duck: ms(0),
        settle: ms(0),
        settle_timeout: ms(0),
        ..policy
    });
    drain.step(ms(0), Event::StopSignal);
    assert_eq!(drain.phase(), Phase::Gated);
    drain
}

/// A look during the lame duck.
fn arrivals(arrivals: u64) -> Event {
    Event::Observed(Observation { arrivals: Some(arrivals), ..Observation::default() })
}

/// A look at a server of which this is left, and nothing else.
fn left(condition: Condition, count: u32) -> Event {
    let zero = Some(0);
    let mut seen = Observation {
        arrivals: None,
        queue: zero,
        half_open: zero,
        unread: zero,
        in_flight: zero,
        silent: zero,
        idle: zero,
        unknown: zero,
    };
    let figure = match condition {
        Condition::Queue => &mut seen.queue,
        Condition::HalfOpen => &mut seen.half_open,
        Condition::Unread => &mut seen.unread,
        Condition::InFlight => &mut seen.in_flight,
        Condition::Silent => &mut seen.silent,
    };
    *figure = Some(count);
    Event::Observed(seen)
}

/// A look at a server that has nothing more to do.
fn nothing_left() -> Event {
    left(Condition::Queue, 0)
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
