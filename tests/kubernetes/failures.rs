//! No answer, or a wrong one: what may pass is tried again, all else is said once, and the drain is as without.
use crate::api_server::{ApiServer, Fault, another_authority, service_account};
use crate::scene::{Pod, beside_another, endpoint, gunicorn, slice};
use crate::support::trial::trial;
use crate::support::wait_for;
use libtest_mimic::Trial;
use serde_json::Value;
use std::fs;

/// Said when the endpoints cannot be had.
const WITHOUT: &str = "going on without a look at the Services' endpoints";

/// A certificate that was cut off.
const HALF: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n";

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
        trial("an_authority_that_is_not_the_clusters_is_said_once", openssl, authority),
        trial("variables_half_set_are_said_once", openssl, variables),
        trial("a_name_that_nobody_has_is_said_once_and_not_believed", openssl, misnamed),
        trial("a_pod_is_found_by_what_is_told_of_it", openssl, half_named),
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
        ("token", Some("\u{0}"), "token: a token has no such characters"),
        ("namespace", Some(""), "namespace: it is empty"),
        ("namespace", Some("../pods"), "namespace: what it holds is no namespace"),
        ("ca.crt", Some("no certificate"), "ca.crt: it holds no certificate"),
        ("ca.crt", Some(HALF), "ca.crt: missing section end marker"),
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
    const HOST: &str = "KUBERNETES_SERVICE_HOST";
    const PORT: &str = "KUBERNETES_SERVICE_PORT";
    let pods: [(&dyn Fn(Pod) -> Pod, &str); 5] = [
        (&|pod| pod.without(PORT), "KUBERNETES_SERVICE_PORT is not set"),
        (&|pod| pod.env(PORT, ""), "KUBERNETES_SERVICE_PORT is not set"),
        (&|pod| pod.env(PORT, "https"), "which is no port"),
        (&|pod| pod.without(HOST), "KUBERNETES_SERVICE_HOST is not set"),
        (&|pod| pod.env(HOST, ""), "KUBERNETES_SERVICE_HOST is not set"),
    ];
    for (pod, what) in pods {
        let api = ApiServer::start();
        let (report, log) = pod(Pod::new(gunicorn(), &api, &[])).stopped(|_| ());
        is_said_once(&report, &log, what);
        assert_eq!(api.objects().asked.len(), 0, "{what}");
    }
}

fn authority() {
    let api = ApiServer::start();
    let account = service_account("shop");
    fs::copy(another_authority(), account.join("ca.crt")).unwrap();
    let (report, log) = Pod::with(gunicorn(), &api, &account, &[]).stopped(|_| ());
    is_said_once(&report, &log, "the API server is not believed");
}

/// At another address than the one by which the API server is reached.
fn misnamed() {
    let elsewhere = || {
        slice("web-a", 8000, &[endpoint(0, "10.9.0.1", true, false), endpoint(1, "10.9.0.2", true, false)])
    };
    let by_hand = "is the pod that was named (wep-0, and this host is";
    for (name, uid, options, what) in [
        ("wep-0", "", &[][..], by_hand),
        ("wep-0", "", &["--service", "web"], by_hand),
        ("web-0", "uid-9", &[], "(uid uid-9, and the one at its place is web-0, uid uid-0)"),
    ] {
        let api = ApiServer::start();
        api.put(elsewhere());
        let pod = Pod::new(gunicorn(), &api, options);
        let (report, log) = pod.env("LAMEDUCK_POD_NAME", name).env("LAMEDUCK_POD_UID", uid).stopped(|_| ());
        is_said_once(&report, &log, what);
    }
}

/// Its unique id, its name, or its address alone.
fn half_named() {
    for (name, uid, address) in [
        ("", "uid-0", "10.9.0.1"),
        ("web-0", "", "10.9.0.1"),
        ("wep-0", "", "127.0.0.1"),
        ("", "", "127.0.0.1"),
    ] {
        let api = ApiServer::start();
        api.put(slice(
            "web-a",
            8000,
            &[endpoint(0, address, false, true), endpoint(1, "10.9.0.2", true, false)],
        ));
        let pod = Pod::new(gunicorn(), &api, &[]);
        let (report, log) = pod.env("LAMEDUCK_POD_NAME", name).env("LAMEDUCK_POD_UID", uid).stopped(|_| ());
        assert_eq!(report["endpoints"], "withdrawn", "{name:?} {uid:?} {address}: {log}");
    }
}
