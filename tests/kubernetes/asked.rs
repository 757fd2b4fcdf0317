//! How much is asked of the API server in one drain: at most one GET, one LIST, and one WATCH at a time.
use crate::api_server::{ApiServer, Fault};
use crate::scene::{Pod, UID, beside_another, endpoint, from_now, gunicorn, slice};
use crate::support::trial::trial;
use crate::support::wait_for;
use libtest_mimic::Trial;
use serde_json::{Value, json};

const OPTIONS: [&str; 4] = ["--own-pod", "read", "--timeout", "55s"];

pub fn trials(openssl: &Result<(), String>) -> Vec<Trial> {
    vec![
        trial("a_drain_asks_for_one_thing_of_a_kind", openssl, in_a_rollout),
        trial("a_pod_whose_standing_changes_has_one_watch_at_a_time", openssl, changing),
        trial("what_is_tried_again_is_tried_six_times_in_all", openssl, tries),
    ]
}

/// This pod, being deleted, with an hour left.
fn deleted() -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []},
        "metadata": {"name": "web-0", "namespace": "shop", "uid": UID, "deletionTimestamp": from_now(3_600)}})
}

#[track_caller]
fn asked_for(api: &ApiServer, gets: usize, lists: usize, watches: usize) {
    let asked = api.objects().asked.clone();
    assert_eq!(api.asked(|one| one.contains("/pods/")), gets, "{asked:?}");
    assert_eq!(api.lists_and_watches(), [lists, watches], "{asked:?}");
    assert_eq!(asked.len(), gets + lists + watches, "{asked:?}");
    let objects = api.objects();
    assert_eq!((objects.watches, objects.most_watches), (0, usize::from(watches > 0)));
}

fn in_a_rollout() {
    let api = ApiServer::start();
    api.objects().pod = Some(deleted());
    api.put(beside_another(8000, true));
    let (report, log) = Pod::new(gunicorn(), &api, &OPTIONS).stopped(|_| {
        wait_for("the watch", || (api.objects().watches == 1).then_some(()));
        api.put(beside_another(8000, false));
    });
    assert_eq!(report["endpoints"], "withdrawn", "{log}");
    asked_for(&api, 1, 1, 1);
}

/// Alone, then offered by another slice, then by the first again: each is watched after the other.
fn changing() {
    let api = ApiServer::start();
    api.objects().pod = Some(deleted());
    let alone = |ready| slice("web-a", 8000, &[endpoint(0, "127.0.0.1", ready, !ready)]);
    api.put(alone(true));
    let (report, log) = Pod::new(gunicorn(), &api, &OPTIONS).stopped(|server| {
        let told = |what: &str| wait_for(what, || server.log().contains(what).then_some(()));
        told("no other endpoint of this Service is ready");
        api.put(slice("web-b", 8000, &[endpoint(2, "127.0.0.9", true, false)]));
        told("a Service still offers this pod");
        wait_for("the second watch", || (api.lists_and_watches() == [1, 2]).then_some(()));
        api.put(alone(false));
    });
    assert_eq!(report["endpoints"], "withdrawn", "{log}");
    asked_for(&api, 1, 1, 2);
}

/// A LIST that fails for ever; a GET that does, too.
fn tries() {
    let api = ApiServer::start();
    api.objects().faults.extend([Fault::Status(503, None); 20]);
    let options = ["--own-pod", "read", "--lame-duck", "20s", "--timeout", "55s"];
    let (report, log) = Pod::new(gunicorn(), &api, &options).stopped(|_| ());
    assert_eq!((&report["endpoints"], &report["outcome"]), (&"unknown".into(), &"drained".into()), "{log}");
    asked_for(&api, 3, 6, 0);
}
