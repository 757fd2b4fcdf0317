//! Deadline and surroundings, as this pod's object tells them.
use super::super::objects::Pod;
use super::super::own_pod::{OwnPod, read};
use super::super::trouble::Trouble;
use super::identity;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const DATE: &str = "Mon, 23 Nov 2026 02:05:18 GMT";

fn pod(deletion: &Value, gates: &Value) -> Pod {
    serde_json::from_value(json!({
        "metadata": {"name": "web-0", "uid": "uid-0", "deletionTimestamp": deletion},
        "spec": {"containers": [], "readinessGates": gates}
    }))
    .unwrap()
}

#[test]
fn given_a_deleted_pod_then_its_deadline_is_told_by_the_servers_own_clock() {
    let (asked, deleted) = (Instant::now(), pod(&json!("2026-11-23T02:05:48Z"), &json!(null)));
    let own_pod = read(&deleted, &identity(), Some(DATE), asked).unwrap();
    // Thirty seconds by the server's clock, of which one may have passed already.
    assert_eq!(own_pod.killed_at, Some(asked + Duration::from_secs(29)));
}

#[test]
fn given_a_deadline_that_has_passed_then_nothing_is_left() {
    let (asked, deleted) = (Instant::now(), pod(&json!("2026-11-23T02:05:10Z"), &json!(null)));
    assert_eq!(read(&deleted, &identity(), Some(DATE), asked).unwrap().killed_at, Some(asked));
}

#[test]
fn given_a_pod_that_nobody_deleted_then_there_is_no_deadline() {
    let own_pod = read(&pod(&json!(null), &json!(null)), &identity(), None, Instant::now()).unwrap();
    let uid = Some("uid-0".to_owned());
    assert_eq!(own_pod, OwnPod { killed_at: None, has_load_balancer: false, uid, owner: None });
}

#[test]
fn given_the_readiness_gate_of_a_load_balancer_then_it_is_seen() {
    let seen = |gate: &str| {
        let pod = pod(&json!(null), &json!([{"conditionType": gate}]));
        read(&pod, &identity(), None, Instant::now()).unwrap().has_load_balancer
    };
    assert!(seen("target-health.elbv2.k8s.aws/k8s-shop-web-0123456789"));
    assert!(seen("cloud.google.com/load-balancer-neg-ready"));
    assert!(!seen("example.com/warm"));
}

#[test]
fn given_several_owners_then_the_controller_is_the_one() {
    let owner = |kind: &str, controller: bool| json!({"apiVersion": "apps/v1", "kind": kind, "name": "web-5d8f", "uid": "uid-of-it", "controller": controller});
    let owner_of = |references: Value| {
        let mut pod = pod(&json!(null), &json!(null));
        pod.metadata.owner_references = serde_json::from_value(references).unwrap();
        read(&pod, &identity(), None, Instant::now()).unwrap().owner
    };
    let found = owner_of(json!([owner("Backup", false), owner("ReplicaSet", true)])).unwrap();
    assert_eq!((found.kind.as_str(), found.uid.as_str()), ("ReplicaSet", "uid-of-it"));
    assert_eq!(owner_of(json!([owner("Backup", false)])), None);
    assert_eq!(owner_of(json!(null)), None);
}

#[test]
fn given_another_pod_of_this_name_then_it_is_not_believed() {
    let mut next = pod(&json!(null), &json!(null));
    next.metadata.uid = Some("uid-of-the-next".to_owned());
    let read = read(&next, &identity(), Some(DATE), Instant::now());
    assert!(matches!(read, Err(Trouble::OtherPod(name)) if name == "web-0"));
}

#[test]
fn given_no_date_or_one_that_is_none_then_there_is_no_telling() {
    let deleted = pod(&json!("2026-11-23T02:05:48Z"), &json!(null));
    for date in [None, Some("tomorrow")] {
        let read = read(&deleted, &identity(), date, Instant::now());
        assert!(matches!(read, Err(Trouble::Unreadable(_))), "{date:?}");
    }
}
