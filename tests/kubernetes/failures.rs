//! No answer, or a wrong one: what may pass is tried again, all else is said once, and the drain is as without.
use crate::api_server::{ApiServer, Fault, service_account};
use crate::scene::{Pod, beside_another, gunicorn};
use crate::support::trial::trial;
use crate::support::wait_for;
use libtest_mimic::Trial;
use serde_json::Value;
use std::fs;

/// Said when the endpoints cannot be had.
const WITHOUT: &str = "going on without a look at the Services' endpoints";

pub fn trials(openssl: &Result<(), String>) -> Vec<Trial> {
    let forbidden = || told_once(&[], true, "may not list endpointslices.discovery.k8s.io (403)");
    let unreadable = || told_once(&[Fault::Body("<html>"); 6], false, "answer cannot be read");
    let silent = || told_once(&[Fault::Silence; 6], false, "has not answered within 2s");
    let unauthorized =
        || told_once(&[Fault::Status(401, None)], false, "does not know the service account's token");
    vec![
        trial("overload_with_retry_after_is_waited_for", openssl, || {
            passes(&[Fault::Status(429, Some(1)), Fault::Status(429, Some(1))]);
        }),
        trial("errors_of_the_server_pass", openssl, || {
            passes(&[Fault::Status(500, None), Fault::Status(503, None), Fault::Close]);
        }),
        trial("a_watch_whose_version_is_forgotten_begins_anew", openssl, forgotten),
        trial("forbidden_is_said_once", openssl, forbidden),
        trial("an_unknown_token_is_said_once", openssl, unauthorized),
        trial("garbage_is_said_once", openssl, unreadable),
        trial("silence_is_said_once", openssl, silent),
        trial("nobody_there_is_said_once", openssl, nobody),
        trial("files_that_make_no_sense_are_said_once", openssl, files),
        trial("variables_half_set_are_said_once", openssl, variables),
    ]
}

/// The endpoints are seen in the end.
fn passes(faults: &[Fault]) {
    let api = ApiServer::start();
    api.put(beside_another(8000, false));
    api.objects().faults.extend(faults);
    let (report, log) =
        Pod::new(gunicorn(), &api, &["--lame-duck", "60s", "--timeout", "15s"]).stopped(|_| ());
    assert_eq!(report["endpoints"], "withdrawn", "{log}");
    assert_eq!(api.lists_and_watches(), [faults.len() + 1, 0]);
    assert!(!log.contains(WITHOUT), "{log}");
}

fn forgotten() {
    let api = ApiServer::start();
    api.put(beside_another(8000, true));
    let (report, log) = Pod::new(gunicorn(), &api, &[]).stopped(|_| {
        wait_for("the watch", || (api.objects().watches == 1).then_some(()));
        // The next event is an error, as when the version that is gone on from was compacted.
        api.forget();
        wait_for("another watch", || (api.lists_and_watches() == [2, 2]).then_some(()));
        api.put(beside_another(8000, false));
    });
    assert_eq!(report["endpoints"], "withdrawn", "{log}");
}

/// The same drain as without, and one line.
#[track_caller]
fn is_said_once(report: &Value, log: &str, what: &str) {
    assert_eq!((&report["endpoints"], &report["outcome"]), (&"unknown".into(), &"drained".into()), "{log}");
    // 5 s in Kubernetes.
    assert!(report["lame_duck_ms"].as_u64().unwrap() >= 5_000, "{report}");
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(WITHOUT)).collect();
    assert!(lines.len() == 1 && lines[0].contains(what), "{what}: {log}");
    assert!(!log.contains("lameduck: error") && !log.contains("panicked"), "{log}");
}

fn told_once(faults: &[Fault], is_forbidden: bool, what: &str) {
    let api = ApiServer::start();
    api.put(beside_another(8000, false));
    api.objects().faults.extend(faults);
    api.objects().is_forbidden = is_forbidden;
    let (report, log) = Pod::new(gunicorn(), &api, &[]).stopped(|_| ());
    is_said_once(&report, &log, what);
}

fn nobody() {
    let mut api = ApiServer::start();
    // Nobody has it: this one was had by a listener that is closed.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    api.address.set_port(port);
    let (report, log) = Pod::new(gunicorn(), &api, &[]).stopped(|_| ());
    is_said_once(&report, &log, "cannot be reached");
}

fn files() {
    for (file, text, what) in [
        ("token", None, "token: No such file"),
        ("token", Some("  \n"), "token: it is empty"),
        ("token", Some("two words"), "token: a token has no such characters"),
        ("namespace", Some(""), "namespace: it is empty"),
        ("namespace", Some("../pods"), "namespace: what it holds is no namespace"),
        ("ca.crt", Some("no certificate"), "no client for the API server can be made"),
    ] {
        let api = ApiServer::start();
        let account = service_account("shop");
        match text {
            None => fs::remove_file(account.join(file)).unwrap(),
            Some(text) => fs::write(account.join(file), text).unwrap(),
        }
        let (report, log) = Pod::with(gunicorn(), &api, &account, &[]).stopped(|_| ());
        is_said_once(&report, &log, what);
        assert_eq!(api.objects().asked.len(), 0, "{file}");
    }
}

fn variables() {
    for (port, what) in [("", "KUBERNETES_SERVICE_PORT is not set"), ("https", "which is no port")] {
        let api = ApiServer::start();
        let pod = Pod::new(gunicorn(), &api, &[]).env("KUBERNETES_SERVICE_PORT", port);
        let (report, log) = pod.stopped(|_| ());
        is_said_once(&report, &log, what);
    }
}
