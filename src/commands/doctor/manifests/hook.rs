//! preStop hooks: what they do before lameduck or the server hears of the stop.
use super::case::Case;
use super::presence::Presence;
use crate::commands::doctor::finding::Finding;
use humantime::format_duration as told;

const SUBJECT: &str = "preStop";

/// What there is to say of the server's hook, if it has one that is not lameduck's.
pub fn finding(case: &Case) -> Option<Finding> {
    case.pod.pre_stop()?;
    let slept = case.slept();
    let finding = match (&case.presence, slept) {
        (Presence::Wait { .. } | Presence::Sidecar { .. }, None) => return None,
        (Presence::Run { .. }, None) => Finding::ok(
            SUBJECT,
            "it is over before lameduck hears of the stop, and its time is the grace period's",
        ),
        (Presence::Absent, None) => {
            Finding::ok(SUBJECT, "it does something, and stays: `lameduck inject --chain` (docs/inject.md)")
        }
        (_, Some(slept)) => sleeping(case, slept),
    };
    Some(finding)
}

fn sleeping(case: &Case, slept: std::time::Duration) -> Finding {
    let advice = "take it away: lameduck waits until traffic has gone elsewhere, and only so long";
    let (grace, left) = (case.grace, case.grace.saturating_sub(slept));
    let needs = case.policy.timeout + case.policy.reserve;
    let what = format!("it only sleeps, {} of {}, whether anybody comes or not", told(slept), told(grace));
    match case.presence {
        Presence::Absent => Finding::weaker(SUBJECT, what, advice),
        _ if left < needs => Finding::missing(
            SUBJECT,
            format!(
                "{what}: {} are left, and lameduck, which counts from its own signal on, may take {}: it is killed before that",
                told(left),
                told(needs)
            ),
            advice,
        ),
        _ => Finding::weaker(SUBJECT, format!("{what}, before lameduck hears of the stop"), advice),
    }
}
