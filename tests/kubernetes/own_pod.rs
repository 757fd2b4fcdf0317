//! What this pod's object tells: the deadline, and whether anybody has announced the stop.
use crate::api_server::ApiServer;
use crate::scene::{Pod, UID, beside_another, from_now, gunicorn};
use crate::support::trial::trial;
use libtest_mimic::Trial;
use serde_json::{Value, json};

const READ: [&str; 2] = ["--own-pod", "read"];

pub fn trials(openssl: &Result<(), String>) -> Vec<Trial> {
    vec![
        trial("a_deleted_pod_tells_its_deadline", openssl, deleted),
        trial("a_stop_that_nobody_announced_closes_the_gate_at_once", openssl, unannounced),
        trial("another_pod_of_the_same_name_is_not_believed", openssl, another),
        trial("a_pod_that_may_not_be_read_is_said_once", openssl, forbidden),
        trial("a_pod_that_is_not_there_is_said_once", openssl, no_pod),
    ]
}

fn pod(uid: &str, deletion: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []},
        "metadata": {"name": "web-0", "namespace": "shop", "uid": uid, "deletionTimestamp": deletion}})
}

fn stopped(pod: Option<Value>, options: &[&str]) -> (Value, String) {
    let api = ApiServer::start();
    api.put(beside_another(8000, false));
    api.objects().pod = pod;
    let stopped = Pod::new(gunicorn(), &api, &[&READ, options].concat()).stopped(|_| ());
    assert!(api.asked(|one| one.ends_with("/namespaces/shop/pods/web-0")) > 0, "{:?}", api.objects().asked);
    stopped
}

fn deleted() {
    // Given: an hour, so that no pause of this machine is told from it.
    let (report, log) = stopped(Some(pod(UID, &json!(from_now(3_600)))), &["--deadline", "60s"]);
    let deadline = report["deadline_ms"].as_u64().expect("a deadline");
    assert!((3_000_000..=3_600_000).contains(&deadline), "{deadline}");
    assert_eq!((&report["endpoints"], &report["outcome"]), (&"withdrawn".into(), &"drained".into()), "{log}");
}

fn unannounced() {
    let (report, log) = stopped(Some(pod(UID, &json!(null))), &["--withdrawal", "off"]);
    assert!(log.contains("nobody has deleted this pod"), "{log}");
    // Not by the 60 s of its own.
    assert_eq!(report["outcome"], "drained", "{log}");
    assert!(log.find("nobody has deleted this pod") < log.find("gate closed"), "{log}");
    let report = stopped(Some(pod(UID, &json!(null))), &["--lame-duck", "45s"]).0;
    assert!(report["lame_duck_ms"].as_u64().unwrap() < 45_000, "{report}");
}

fn another() {
    let (report, log) = stopped(Some(pod("uid-of-the-next", &json!(from_now(3_600)))), &[]);
    assert_eq!(report["deadline_ms"], Value::Null);
    assert_eq!(log.matches("the pod web-0 is another one").count(), 1, "{log}");
}

fn forbidden() {
    let api = ApiServer::start();
    api.objects().is_forbidden = true;
    let (report, log) =
        Pod::new(gunicorn(), &api, &[&READ[..], &["--withdrawal", "off"]].concat()).stopped(|_| ());
    assert_eq!(report["deadline_ms"], Value::Null);
    assert_eq!(log.matches("may not get pods (403)").count(), 1, "{log}");
}

/// By a wrong name, or in another namespace.
fn no_pod() {
    let (report, log) = stopped(None, &[]);
    assert_eq!((&report["deadline_ms"], &report["endpoints"]), (&Value::Null, &"withdrawn".into()), "{log}");
    let told = "there is no pod web-0 in the namespace shop (404): set LAMEDUCK_POD_NAME";
    assert_eq!(log.matches(told).count(), 1, "{log}");
}
