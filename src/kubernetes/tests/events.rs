//! What is written about a drain.
use super::super::events::{Notice, events};
use super::super::{Identity, Owner};
use super::identity;
use jiff::Timestamp;
use serde_json::{Value, json};

fn written(notice: &Notice, identity: &Identity, owner: Option<&Owner>) -> Vec<Value> {
    let now: Timestamp = "2026-11-30T05:32:18.123456789Z".parse().unwrap();
    let events = events(notice, "shop", identity, owner, now.into());
    events.iter().map(|event| serde_json::to_value(event).unwrap()).collect()
}

fn drained() -> Notice {
    Notice { reason: "Drained", is_warning: false, message: "nobody was waiting any more".to_owned() }
}

fn replica_set() -> Owner {
    let [api_version, kind, name, uid] = ["apps/v1", "ReplicaSet", "web-5d8f", "uid-5d8f"].map(str::to_owned);
    Owner { api_version, kind, name, uid }
}

#[test]
fn given_a_pod_and_its_owner_then_both_are_told_so_that_kubectl_finds_sorts_and_shows_them() {
    let pod =
        json!({"apiVersion": "v1", "kind": "Pod", "name": "web-0", "namespace": "shop", "uid": "uid-0"});
    let event = json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": "web-0.187bb0c8e4b8a115", "namespace": "shop"},
        "involvedObject": pod,
        "type": "Normal", "reason": "Drained", "action": "Drain", "message": "nobody was waiting any more",
        "source": {"component": "lameduck"},
        "reportingComponent": "lameduck", "reportingInstance": "web-0",
        "firstTimestamp": "2026-11-30T05:32:18Z", "lastTimestamp": "2026-11-30T05:32:18Z",
        "eventTime": "2026-11-30T05:32:18.123456Z", "count": 1
    });
    let written = written(&drained(), &identity(), Some(&replica_set()));
    let name = &written[0]["metadata"]["name"];
    let mut expected = event.clone();
    expected["metadata"]["name"] = name.clone();
    assert_eq!(written[0], expected);
    assert!(name.as_str().unwrap().starts_with("web-0."), "{name}");

    assert_eq!(written.len(), 2);
    let of_owner = &written[1];
    assert_eq!(
        of_owner["involvedObject"],
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d8f", "namespace": "shop", "uid": "uid-5d8f"})
    );
    assert_eq!(of_owner["related"], pod);
    assert_eq!(of_owner["message"], "pod web-0: nobody was waiting any more");
    assert!(of_owner["metadata"]["name"].as_str().unwrap().starts_with("web-5d8f."), "{of_owner}");
}

#[test]
fn given_no_owner_and_no_unique_id_then_the_pod_is_told_by_its_name() {
    let written = written(&drained(), &Identity { uid: None, ..identity() }, None);
    assert_eq!(written.len(), 1);
    assert_eq!(
        written[0]["involvedObject"],
        json!({"apiVersion": "v1", "kind": "Pod", "name": "web-0", "namespace": "shop"})
    );
}

#[test]
fn given_what_went_wrong_then_it_is_a_warning() {
    let notice = Notice { is_warning: true, reason: "DrainTimedOut", ..drained() };
    let written = written(&notice, &identity(), None);
    assert_eq!((&written[0]["type"], &written[0]["reason"]), (&"Warning".into(), &"DrainTimedOut".into()));
}

#[test]
fn given_the_longest_names_then_the_api_server_takes_them_all_the_same() {
    // A pod's name may be as long as that, and end anywhere with a dash or a dot when it is cut.
    let name = format!("{}{}", "a-".repeat(126), "a");
    let notice = Notice { message: "ü".repeat(2_000), ..drained() };
    let written = written(&notice, &Identity { name: name.clone(), ..identity() }, Some(&replica_set()));
    let length = |value: &Value| value.as_str().unwrap().len();
    assert!(length(&written[0]["metadata"]["name"]) <= 253);
    assert!(!written[0]["metadata"]["name"].as_str().unwrap().contains("-."), "{}", written[0]);
    assert_eq!(written[0]["involvedObject"]["name"], name);
    assert!(length(&written[0]["reportingInstance"]) <= 128);
    for event in &written {
        assert!(length(&event["message"]) <= 1_024);
    }
}
