//! The sum of many verdicts.
use super::verdict::{Class, Failure, Local, Outcome, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What became of every connection of a load, or of every request of kept-alive clients. Each is counted in exactly
/// one of `answered`, `answered_late`, `refused`, `lost`, `unanswered_after_close`, `other_answers` and `not_tried`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Tally {
    /// All that were tried: the sum of all classes but `not_tried`. Not serialized: a report calls it what it counts.
    #[serde(skip)]
    pub tried: u64,
    /// Answered with 2xx or 3xx.
    pub answered: u64,
    /// Answered with 503: told that the request was not processed.
    pub answered_late: u64,
    /// Never got in, and know it.
    pub refused: u64,
    /// Got in, or may have, and were given no whole answer.
    pub lost: u64,
    /// Those of `lost` on a connection that had already given an answer ([`Outcome::used`]).
    pub lost_on_used: u64,
    /// The lost ones by phase and cause.
    pub lost_by: BTreeMap<Failure, u64>,
    /// Sent behind a request whose answer ended the connection ([`Class::UnansweredAfterClose`]).
    pub unanswered_after_close: u64,
    /// Answered with any other status.
    pub other_answers: u64,
    /// Those by status.
    pub other_statuses: BTreeMap<u16, u64>,
    /// Not made, for want of something on the client's side.
    pub not_tried: u64,
    /// Those by what was wanting.
    pub not_tried_by: BTreeMap<Local, u64>,
    /// How long the `answered` took; none when there were none.
    pub latency_ms: Option<Latency>,
}

/// Milliseconds, as in [`Verdict::Answered`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// Half took no longer.
    pub p50: f64,
    /// 99 of 100 took no longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

impl Tally {
    /// Sums the outcomes.
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let mut tally = Self::default();
        let mut latencies = Vec::new();
        for outcome in outcomes {
            let verdict = outcome.verdict;
            match verdict.class() {
                Class::Answered => tally.answered += 1,
                Class::AnsweredLate => tally.answered_late += 1,
                Class::Refused => tally.refused += 1,
                Class::Lost => {
                    tally.lost += 1;
                    tally.lost_on_used += u64::from(outcome.used);
                }
                Class::UnansweredAfterClose => tally.unanswered_after_close += 1,
                Class::OtherAnswer => tally.other_answers += 1,
                Class::NotTried => tally.not_tried += 1,
            }
            match (verdict.class(), verdict) {
                (Class::Answered, Verdict::Answered { latency, .. }) => latencies.push(latency),
                (Class::OtherAnswer, Verdict::Answered { status, .. }) => {
                    *tally.other_statuses.entry(status).or_default() += 1;
                }
                (Class::Lost, Verdict::Failed(failure)) => *tally.lost_by.entry(failure).or_default() += 1,
                (_, Verdict::NotTried(local)) => *tally.not_tried_by.entry(local).or_default() += 1,
                _ => (),
            }
            tally.tried += u64::from(verdict.class() != Class::NotTried);
        }
        tally.latency_ms = Latency::of(latencies);
        tally
    }
}

impl Latency {
    fn of(mut latencies: Vec<Duration>) -> Option<Self> {
        latencies.sort_unstable();
        // Nearest rank: the smallest value that so many of a hundred do not exceed.
        let rank = |percent: usize| {
            let index = (latencies.len() * percent).div_ceil(100).checked_sub(1)?;
            // Microseconds are as fine as the clock of a report need be.
            Some((latencies.get(index)?.as_secs_f64() * 1e6).round() / 1e3)
        };
        Some(Self { p50: rank(50)?, p99: rank(99)?, max: rank(100)? })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Cause, Phase};
    use super::*;
    use proptest::prelude::*;
    use rustix::io::Errno;

    fn outcome(verdict: Verdict) -> Outcome {
        Outcome { number: 0, started: Duration::ZERO, ended: Duration::ZERO, used: false, verdict }
    }

    fn any_verdict() -> impl Strategy<Value = Verdict> {
        let phase = prop::sample::select(vec![Phase::Connect, Phase::Send, Phase::Wait, Phase::Response]);
        let cause = prop::sample::select(vec![
            Cause::Refused,
            Cause::Reset,
            Cause::TimedOut,
            Cause::Closed,
            Cause::Malformed,
            Cause::Other(Errno::HOSTUNREACH.raw_os_error()),
        ]);
        prop_oneof![
            (200_u16..600, 0_u64..9_999)
                .prop_map(|(status, ms)| Verdict::Answered { status, latency: Duration::from_millis(ms) }),
            (phase, cause).prop_map(|(phase, cause)| Verdict::Failed(Failure { phase, cause })),
            Just(Verdict::UnansweredAfterClose),
            Just(Verdict::NotTried(Local::TooManyAtOnce)),
            Just(Verdict::NotTried(Local::Os(Errno::MFILE.raw_os_error()))),
        ]
    }

    proptest! {
        #[test]
        fn each_connection_is_counted_once(verdicts in prop::collection::vec((any_verdict(), any::<bool>()), 0..200)) {
            let outcomes: Vec<_> =
                verdicts.iter().map(|(verdict, used)| Outcome { used: *used, ..outcome(*verdict) }).collect();
            let tally = Tally::of(&outcomes);
            let tried = tally.answered + tally.answered_late + tally.refused + tally.lost
                + tally.unanswered_after_close + tally.other_answers;
            prop_assert_eq!(tally.tried, tried);
            prop_assert_eq!(tried + tally.not_tried, verdicts.len() as u64);
            prop_assert_eq!(tally.lost_by.values().sum::<u64>(), tally.lost);
            prop_assert_eq!(tally.other_statuses.values().sum::<u64>(), tally.other_answers);
            prop_assert_eq!(tally.not_tried_by.values().sum::<u64>(), tally.not_tried);
            prop_assert_eq!(tally.latency_ms.is_some(), tally.answered > 0);
            // Whatever has no whole answer and was not plainly refused is lost.
            let lost = |(verdict, _): &&(Verdict, bool)| matches!(verdict, Verdict::Failed(failure)
                if !(failure.phase == Phase::Connect && matches!(failure.cause, Cause::Refused | Cause::Reset)));
            prop_assert_eq!(tally.lost, verdicts.iter().filter(lost).count() as u64);
            let on_used = verdicts.iter().filter(lost).filter(|(_, used)| *used).count();
            prop_assert_eq!(tally.lost_on_used, on_used as u64);
        }
    }

    #[test]
    fn the_names_in_json_are_stable() {
        let failed = |phase, cause| outcome(Verdict::Failed(Failure { phase, cause }));
        let answered = |status, ms| outcome(Verdict::Answered { status, latency: Duration::from_millis(ms) });
        let tally = Tally::of(&[
            answered(200, 10),
            answered(302, 30),
            answered(503, 1),
            answered(500, 1),
            failed(Phase::Connect, Cause::Refused),
            failed(Phase::Connect, Cause::TimedOut),
            Outcome { used: true, ..failed(Phase::Wait, Cause::Reset) },
            outcome(Verdict::UnansweredAfterClose),
            failed(Phase::Response, Cause::Other(Errno::HOSTUNREACH.raw_os_error())),
            outcome(Verdict::NotTried(Local::Os(Errno::MFILE.raw_os_error()))),
        ]);
        let expected = r#"{"answered":2,"answered_late":1,"refused":1,"lost":3,"lost_on_used":1,"lost_by":{"connect_timed_out":1,"wait_reset":1,"response_errno_113":1},"unanswered_after_close":1,"other_answers":1,"other_statuses":{"500":1},"not_tried":1,"not_tried_by":{"errno_24":1},"latency_ms":{"p50":10.0,"p99":30.0,"max":30.0}}"#;
        assert_eq!(serde_json::to_string(&tally).unwrap(), expected);
    }

    #[test]
    fn percentiles_are_nearest_ranks() {
        let latency = Latency::of((1..=200).map(Duration::from_millis).collect());
        assert_eq!(latency, Some(Latency { p50: 100.0, p99: 198.0, max: 200.0 }));
    }
}
