//! A kube-apiserver, `$KUBECONFIG`: an EndpointSlice is made by hand, and changed while lameduck watches. Prints how long
//! after the change was asked for it was seen.
use crate::cluster::{Account, Change, Namespace, SLICES};
use crate::scene::{endpoint, gunicorn, read, slice};
use crate::support::kubectl::api_server;
use crate::support::trial::trial;
use crate::support::{PATIENCE, finish, lameduck, wait_for};
use jiff::Timestamp;
use libtest_mimic::Trial;
use serde_json::Value;

/// So often the change is made.
const RUNS: usize = 10;

/// This pod beside a ready one. The API server takes no addresses of the loopback interface.
fn slice_with(namespace: &Namespace, offered: bool) -> Value {
    let endpoints = [endpoint(0, "10.0.0.1", offered, !offered), endpoint(1, "10.0.0.2", true, false)];
    let mut slice = slice("web-a", 8000, &endpoints);
    slice["metadata"]["namespace"] = namespace.name().into();
    slice
}

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_real_api_server_tells_the_doctor_what_is_granted", &api_server(), examined),
        trial("a_real_api_server_tells_of_the_withdrawal", &api_server(), withdrawn),
    ]
}

fn examined() {
    let namespace = Namespace::new("examined", &[SLICES]);
    let account = namespace.account(&[]);
    namespace.apply(&slice_with(&namespace, true));
    let mut doctor = lameduck();
    doctor
        .args(["doctor", "--json", "--gate", "divert", "--own-pod", "read", "--service-account"])
        .arg(&account.files);
    doctor.env("KUBERNETES_SERVICE_HOST", &account.host).env("KUBERNETES_SERVICE_PORT", &account.port);
    doctor.env("LAMEDUCK_POD_NAME", "web-0").env("LAMEDUCK_POD_UID", crate::scene::UID);
    let page: Value = serde_json::from_slice(&finish(&mut doctor).stdout).expect("JSON");
    let seen = |subject: &str| {
        let findings = page["findings"].as_array().expect("findings");
        let finding = findings.iter().find(|finding| finding["subject"] == subject).expect(subject);
        ["state", "seen"].map(|name| finding[name].as_str().expect("a text"))
    };
    assert_eq!(seen("API server"), ["ok", &format!("answers for the namespace {}", namespace.name())]);
    assert_eq!(seen("list endpointslices"), ["ok", "the service account may"]);
    assert_eq!(seen("watch endpointslices"), ["ok", "the service account may"]);
    assert_eq!(seen("get pods"), ["weaker", "the service account may not"]);
    assert_eq!(seen("create events"), ["ok", "the service account may not; it is not asked for"]);
    assert_eq!(seen("this pod"), ["ok", "web-0 is an endpoint of web"]);
}

fn withdrawn() {
    let namespace = Namespace::new("shop", &[SLICES]);
    let account = namespace.account(&[]);
    let mut took: Vec<i128> = (0..RUNS).map(|_| seen_after(&namespace, &account)).collect();
    took.sort_unstable();
    println!("slice changed -> withdrawn seen, ms: median {}, all {took:?}", took[RUNS / 2]);
}

/// From the instant before the change is asked for to the line of the log, milliseconds.
fn seen_after(namespace: &Namespace, account: &Account) -> i128 {
    namespace.apply(&slice_with(namespace, true));
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
    let change = Change::prepare(vec![slice_with(namespace, false)]);
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
