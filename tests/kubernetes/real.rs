//! A kube-apiserver, `$KUBECONFIG`: an EndpointSlice is made by hand, and changed while lameduck watches. Prints how long
//! after the change was asked for it was seen.
use crate::cluster::{Account, Change, account, apply, kubectl, needs};
use crate::scene::{endpoint, gunicorn, read, slice};
use crate::support::trial::trial;
use crate::support::{PATIENCE, wait_for};
use k8s_openapi::jiff::Timestamp;
use libtest_mimic::Trial;
use serde_json::Value;

/// So often the change is made.
const RUNS: usize = 10;

/// This pod beside a ready one. The API server takes no addresses of the loopback interface.
fn slice_with(namespace: &str, offered: bool) -> Value {
    let endpoints = [endpoint(0, "10.0.0.1", offered, !offered), endpoint(1, "10.0.0.2", true, false)];
    let mut slice = slice("web-a", 8000, &endpoints);
    slice["metadata"]["namespace"] = namespace.into();
    slice
}

pub fn trials() -> Vec<Trial> {
    vec![trial("a_real_api_server_tells_of_the_withdrawal", &needs(), withdrawn)]
}

fn withdrawn() {
    let account = account("shop");
    let mut took: Vec<i128> = (0..RUNS).map(|_| seen_after(&account)).collect();
    kubectl(&account.namespace, &["delete", "namespace", &account.namespace, "--wait=false"], None);
    took.sort_unstable();
    println!("slice changed -> withdrawn seen, ms: median {}, all {took:?}", took[RUNS / 2]);
}

/// From the instant before the change is asked for to the line of the log, milliseconds.
fn seen_after(account: &Account) -> i128 {
    apply(account, &slice_with(&account.namespace, true));
    let report = account.files.join("report.json");
    let options = [
        "--service-account",
        account.files.to_str().unwrap(),
        "--report",
        report.to_str().unwrap(),
        "--log-format",
        "json",
    ];
    let mut server = gunicorn()
        .under_lameduck(&options)
        .env("KUBERNETES_SERVICE_HOST", &account.host)
        .env("KUBERNETES_SERVICE_PORT", &account.port)
        .env("LAMEDUCK_POD_NAME", "web-0")
        .env("LAMEDUCK_POD_UID", crate::scene::UID)
        .start();
    let change = Change::prepare(vec![slice_with(&account.namespace, false)]);
    server.signal(libc::SIGTERM);
    wait_for("the watch", || server.log().contains("waiting until it is withdrawn").then_some(()));
    let asked = change.make();
    wait_for("the withdrawal", || server.log().contains("withdrawn: no Service").then_some(()));
    assert_eq!(server.wait(PATIENCE * 2).code(), Some(0));
    let report = read(&report);
    assert_eq!(
        (&report["endpoints"], &report["outcome"]),
        (&"withdrawn".into(), &"drained".into()),
        "{report}"
    );
    let log = server.log();
    let line = log.lines().find(|line| line.contains("withdrawn: no Service")).expect("the line");
    let line: Value = serde_json::from_str(line).expect("JSON");
    let seen: Timestamp = line["timestamp"].as_str().expect("a timestamp").parse().expect("a timestamp");
    (seen.as_nanosecond() - asked.as_nanosecond()) / 1_000_000
}
