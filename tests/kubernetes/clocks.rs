//! A node whose wall clock is wrong. The deadline is told by the API server's own clock, and a certificate's time by the node's.
use crate::api_server::ApiServer;
use crate::scene::{Pod, UID, beside_another, from_now, gunicorn};
use crate::support::clock::{Clock, DAY};
use crate::support::trial::trial;
use libtest_mimic::Trial;
use serde_json::{Value, json};

/// Longer than the test's certificate is old, or valid.
const TWENTY_YEARS: i64 = 20 * 365 * DAY;

pub fn trials(openssl: &Result<(), String>) -> Vec<Trial> {
    let needs = openssl.clone().and(Clock::permitted());
    vec![
        trial("a_clock_that_is_a_day_ahead_leaves_the_deadline_as_it_is", &needs, ahead),
        trial(
            "by_a_clock_that_is_years_behind_no_certificate_is_believed_and_that_is_said_once",
            &needs,
            || {
                not_believed(-TWENTY_YEARS);
            },
        ),
        trial(
            "by_a_clock_that_is_years_ahead_no_certificate_is_believed_and_that_is_said_once",
            &needs,
            || {
                not_believed(TWENTY_YEARS);
            },
        ),
    ]
}

/// Stopped in a pod that is deleted in an hour: its report, and the log.
fn stopped(by: i64) -> (Value, String) {
    let clock = Clock::new(by);
    clock.jump();
    let api = ApiServer::start();
    api.put(beside_another(8000, false));
    api.objects().pod = Some(json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []},
        "metadata": {"name": "web-0", "namespace": "shop", "uid": UID, "deletionTimestamp": from_now(3_600)}}));
    let options = ["--own-pod", "read", "--deadline", "60s"];
    Pod::new(clock.of(gunicorn()), &api, &options).stopped(|_| ())
}

fn ahead() {
    let (report, log) = stopped(DAY);
    let deadline = report["deadline_ms"].as_u64().expect("a deadline");
    assert!((3_000_000..=3_600_000).contains(&deadline), "{deadline}");
    assert_eq!((&report["endpoints"], &report["outcome"]), (&"withdrawn".into(), &"drained".into()), "{log}");
}

fn not_believed(by: i64) {
    let (report, log) = stopped(by);
    // The one of --deadline, and the lame duck of 5 s.
    assert_eq!((&report["deadline_ms"], &report["outcome"]), (&60_000.into(), &"drained".into()), "{log}");
    assert_eq!(report["endpoints"], "unknown", "{log}");
    assert!(report["lame_duck_ms"].as_u64().unwrap() >= 5_000, "{report}");
    assert_eq!(log.matches("going on without a look at the Services' endpoints").count(), 1, "{log}");
}
