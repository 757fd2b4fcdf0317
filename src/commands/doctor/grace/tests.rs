use super::*;
use crate::commands::doctor::finding::State;
use std::time::Duration as D;

/// The defaults in Kubernetes, where the withdrawal is seen.
fn policy(deadline: Option<u64>, propagation: D) -> Policy {
    Policy {
        timeout: D::from_secs(25),
        deadline: deadline.map(D::from_secs),
        reserve: D::from_secs(5),
        lame_duck: D::ZERO,
        unseen_lame_duck: D::from_secs(5).max(propagation),
        propagation,
        settle: D::from_millis(300),
        settle_timeout: D::from_secs(15),
        wait_for: Vec::new(),
        in_flight_timeout: None,
        silent_grace: D::from_secs(1),
        kill_after: D::from_secs(5),
    }
}

fn told(policy: &Policy, pod: Option<u64>, reads_pod: bool) -> (State, String, String) {
    let pod = pod.map(D::from_secs);
    let known = Known { policy, pod, reads_pod, sees_withdrawal: true, in_kubernetes: true };
    let finding = known.finding();
    (finding.state, finding.seen, finding.advice.unwrap_or_default().into_owned())
}

const KUBE_PROXY: D = D::from_millis(1_500);

#[test]
fn the_defaults_fit_into_kubernetes_own() {
    let (state, seen, _) = told(&policy(Some(30), KUBE_PROXY), Some(30), false);
    assert_eq!(state, State::Ok, "{seen}");
    assert!(seen.starts_with("30s: 25s for the drain, of which 1s 800ms until traffic"), "{seen}");
    assert_eq!(told(&policy(None, KUBE_PROXY), Some(30), false).0, State::Ok, "not told, and it fits");
}

#[test]
fn a_clouds_load_balancer_does_not_fit_into_30_s() {
    let (state, seen, advice) = told(&policy(Some(30), D::from_mins(2)), Some(30), false);
    assert_eq!(state, State::Missing, "{seen}");
    assert_eq!(
        advice,
        "set terminationGracePeriodSeconds: 151, LAMEDUCK_DEADLINE=151s and LAMEDUCK_TIMEOUT=146s"
    );
    let fits = Policy { timeout: D::from_secs(146), ..policy(Some(151), D::from_mins(2)) };
    assert_eq!(told(&fits, Some(151), false).0, State::Ok, "what is said fits");
}

#[test]
fn a_deadline_that_is_not_the_pods_is_told() {
    let (state, seen, advice) = told(&policy(Some(60), KUBE_PROXY), Some(30), false);
    assert_eq!(state, State::Missing, "{seen}");
    assert!(advice.contains("LAMEDUCK_DEADLINE=30s"), "{advice}");
    assert_eq!(told(&policy(Some(20), KUBE_PROXY), Some(30), false).0, State::Weaker);
    assert_eq!(told(&policy(Some(60), KUBE_PROXY), Some(30), true).0, State::Ok, "it reads the pod's own");
    let (state, _, advice) = told(&policy(None, KUBE_PROXY), Some(10), false);
    assert_eq!(state, State::Missing);
    assert_eq!(
        advice,
        "set LAMEDUCK_DEADLINE=10s, or terminationGracePeriodSeconds: 30, LAMEDUCK_DEADLINE=30s"
    );
}

#[test]
fn a_short_one_cuts_the_drain() {
    let (state, seen, advice) = told(&policy(Some(20), KUBE_PROXY), Some(20), false);
    assert_eq!((state, seen.contains("15s for the drain")), (State::Weaker, true), "{seen}");
    assert!(advice.contains("LAMEDUCK_TIMEOUT=15s") && advice.contains("LAMEDUCK_DEADLINE=30s"), "{advice}");
    assert_eq!(told(&policy(Some(5), KUBE_PROXY), Some(5), false).0, State::Missing, "nothing is left");
}

#[test]
fn who_is_told_nothing_says_how_long_he_takes() {
    let policy = policy(None, KUBE_PROXY);
    let known =
        Known { policy: &policy, pod: None, reads_pod: false, sees_withdrawal: false, in_kubernetes: true };
    assert_eq!(known.finding().state, State::Weaker);
    let outside = Known { in_kubernetes: false, ..known }.finding();
    assert!(outside.is_ok() && outside.seen.contains("has to wait for 30s"), "{outside:?}");
}
