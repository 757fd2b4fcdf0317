//! The lame duck waits until this pod is withdrawn, then for the propagation.
use crate::api_server::ApiServer;
use crate::scene::{Pod, beside_another, endpoint, gunicorn, read, slice};
use crate::support::load::{plan, until_gone};
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::{process, wait_for};
use libtest_mimic::Trial;
use serde_json::Value;
use std::fs;

pub fn trials(openssl: &Result<(), String>) -> Vec<Trial> {
    vec![
        trial("withdrawn_while_it_is_watched_under_load_loses_nobody", openssl, while_watched),
        trial("withdrawn_already_needs_no_watch", openssl, already),
        trial("an_image_without_certificates_of_its_own_is_no_hindrance", openssl, small_image),
        trial("the_last_endpoint_stays_until_another_is_ready", openssl, last),
        trial("a_pod_that_no_service_selects_waits_for_nothing", openssl, not_selected),
        trial("a_named_service_alone_is_asked_for", openssl, named),
        trial("without_withdrawal_nobody_is_asked", openssl, off),
        trial("nothing_is_asked_and_no_thread_is_there_before_the_stop", openssl, at_rest),
    ]
}

fn ms(report: &Value, name: &str) -> u64 {
    report[name].as_u64().unwrap_or_else(|| panic!("{name}: {report}"))
}

/// kube-proxy's 1.5 s have passed between the withdrawal and the gate.
#[track_caller]
fn was_withdrawn_and_propagated(report: &Value) {
    assert_eq!(report["endpoints"], "withdrawn", "{report}");
    // Whole milliseconds.
    assert!(ms(report, "lame_duck_ms") + 1 >= ms(report, "endpoints_ms") + 1_500, "{report}");
}

fn while_watched() {
    let api = ApiServer::start();
    let pod = Pod::new(Server::gunicorn("sync", &["--workers", "2"]), &api, &["--gate", "divert"]);
    let (mut server, report) = pod.start();
    let port = server.address().port();
    api.put(beside_another(port, true));
    let plan = plan(&server, 90.0);
    let result = until_gone(&mut server, plan, 20, |server| {
        server.signal(libc::SIGTERM);
        wait_for("the watch", || (api.objects().watches == 1).then_some(()));
        api.put(beside_another(port, false));
        wait_for("the end of the watch", || (api.objects().watches == 0).then_some(()));
        assert!(!server.log().contains("gate closed"), "it was closed at once, not with the gate");
    });
    let report = read(&report);
    was_withdrawn_and_propagated(&report);
    assert_eq!((result.tally.lost, result.status.code()), (0, Some(0)), "{:?}", result.tally);
    assert_eq!(api.lists_and_watches(), [1, 1], "{:?}", api.objects().asked);
    assert_eq!(api.asked(|one| one.contains("fieldSelector=metadata.name%3Dweb-a")), 1);
    let log = server.log();
    assert_eq!(log.matches("withdrawn: no Service offers this pod").count(), 1, "{log}");
}

/// The service account's ca.crt is all that is needed: distroless images have no other.
fn small_image() {
    let api = ApiServer::start();
    api.put(beside_another(8000, false));
    let pod = Pod::new(gunicorn(), &api, &[]);
    // Where rustls-native-certs looks first, and then nowhere else.
    let pod = pod.env("SSL_CERT_FILE", "/nonexistent").env("SSL_CERT_DIR", "/nonexistent");
    let (report, log) = pod.stopped(|_| ());
    assert_eq!(report["endpoints"], "withdrawn", "{log}");
}

fn already() {
    let api = ApiServer::start();
    api.put(beside_another(8000, false));
    let (report, _) = Pod::new(gunicorn(), &api, &[]).stopped(|_| ());
    was_withdrawn_and_propagated(&report);
    assert_eq!(api.lists_and_watches(), [1, 0]);
    assert_eq!(
        api.asked(|one| one.contains("resourceVersion=0")),
        1,
        "from the cache: {:?}",
        api.objects().asked
    );
}

fn last() {
    let api = ApiServer::start();
    api.put(slice("web-a", 8000, &[endpoint(0, "127.0.0.1", false, true)]));
    let (report, log) = Pod::new(gunicorn(), &api, &[]).stopped(|server| {
        wait_for("the watch", || (api.objects().watches == 1).then_some(()));
        assert!(!server.log().contains("gate closed"));
        api.put(slice("web-b", 8000, &[endpoint(2, "127.0.0.9", true, false)]));
    });
    was_withdrawn_and_propagated(&report);
    assert!(log.contains("no other endpoint of this Service is ready"), "{log}");
}

fn not_selected() {
    let api = ApiServer::start();
    api.put(slice("web-a", 8000, &[endpoint(1, "127.0.0.9", true, false)]));
    let (report, log) = Pod::new(gunicorn(), &api, &[]).stopped(|_| ());
    assert_eq!(report["endpoints"], "not-selected", "{log}");
}

fn named() {
    let api = ApiServer::start();
    api.put(beside_another(8000, false));
    let (report, _) = Pod::new(gunicorn(), &api, &["--service", "web"]).stopped(|_| ());
    was_withdrawn_and_propagated(&report);
    assert_eq!(
        api.asked(|one| one.contains("labelSelector=") && one.contains("web")),
        1,
        "{:?}",
        api.objects().asked
    );
}

fn off() {
    let api = ApiServer::start();
    let options = ["--withdrawal", "off", "--lame-duck", "0"];
    let (report, _) = Pod::new(gunicorn(), &api, &options).stopped(|_| ());
    assert_eq!((&report["endpoints"], api.objects().asked.len()), (&"unknown".into(), 0));
}

fn at_rest() {
    let api = ApiServer::start();
    api.put(beside_another(8000, false));
    let everything = ["--own-pod", "read", "--events", "on"];
    let (mut server, report) = Pod::new(gunicorn(), &api, &everything).start();
    let tasks = fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap().count();
    assert_eq!((tasks, api.objects().asked.len()), (1, 0));
    assert!(process::state(server.pid()).is_some());
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(crate::support::PATIENCE * 2).code(), Some(0));
    assert_eq!(read(&report)["endpoints"], "withdrawn", "and then it is asked");
}
