//! What `lameduck run` makes of the Role in docs/kubernetes.md: it sees that the pod is withdrawn, relays to the other endpoints,
//! and knows the pod's own deadline.
use super::clients::Tallies;
use super::cluster::Namespace;
use super::modes::{assert_all, none_lost, roll};
use super::pods::Pods;
use super::support::runner::runs_or;
use super::support::trial::trial;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::fs;

/// The page that has the Role.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/kubernetes.md");

/// So often late arrivals are tried to be had.
const TRIES: u32 = 5;

/// Seconds.
const GRACE_PERIOD: u32 = 30;

/// The scenes.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let test = |name: &str, test: fn()| trial(name, needs, test);
    vec![
        test("given_the_role_then_the_gate_closes_when_the_pod_is_withdrawn", withdrawn),
        test("given_relay_then_nobody_is_told_503", relay),
        test(
            "given_relay_and_a_short_lame_duck_then_late_arrivals_are_served_by_the_other_pods",
            relay_early,
        ),
        test("given_the_own_pod_is_read_then_the_report_has_its_deadline", deadline),
    ]
}

/// A namespace in which the service account `web` has the Role.
pub fn granted_namespace() -> Namespace {
    let namespace = Namespace::new();
    namespace.apply(&json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}}));
    namespace.apply_text(&role());
    namespace
}

/// The first block of YAML on the page that has a Role.
fn role() -> String {
    let page = fs::read_to_string(PAGE).unwrap();
    let mut blocks = page.split("```yaml\n").filter_map(|rest| Some(rest.split_once("```")?.0));
    blocks.find(|block| block.contains("kind: Role\n")).expect("a Role").to_owned()
}

fn withdrawn() {
    let pods = Pods::under_lameduck("sync").granted();
    let reports = none_lost("gunicorn sync under lameduck with the Role", &granted_namespace(), &pods);
    assert_all(&reports, &[("outcome", "drained"), ("gate", "divert"), ("endpoints", "withdrawn")]);
}

fn relay() {
    let (relayed, answered, tallies) = relayed(&[]);
    tallies.assert_none_lost_or_refused("the same");
    assert_eq!((tallies.count("answered_late"), answered), (0, 0), "{relayed} were relayed");
}

/// The gate closes before kube-proxy has heard of the withdrawal, which takes it a second; gunicorn takes another one to stop. Who
/// comes even later is refused, by a pod that has gone, or told 503 by one that is going, or finds its network gone. Whether anybody
/// comes late is kube-proxy's affair.
fn relay_early() {
    let early = [("LAMEDUCK_PROPAGATION", "500ms"), ("LAMEDUCK_SETTLE", "0s")];
    let relays = |_| {
        let (relayed, answered, _) = relayed(&early);
        relayed > answered
    };
    assert!((0..TRIES).any(relays), "in {TRIES} times three rollouts no more were relayed than told 503");
}

/// How many were relayed and told 503, and how the clients fared: none that had come to a pod was lost, or cut.
fn relayed(options: &[(&str, &str)]) -> (u64, u64, Tallies) {
    let pods = Pods::under_lameduck("sync").granted().environment("LAMEDUCK_LATE_ARRIVALS", "relay");
    let pods = options.iter().fold(pods, |pods, (name, value)| pods.environment(name, value));
    // kube-proxy programs about half of the changes at once: of six pods one may well have late arrivals.
    let (tallies, reports) = roll(&granted_namespace(), &pods, runs_or(3));
    let scene = format!("relay {options:?}");
    tallies.assert_none_lost_at_a_pod(&scene);
    assert_all(&reports, &[("outcome", "drained"), ("gate", "divert"), ("endpoints", "withdrawn")]);
    let of = |what: &str| -> u64 {
        let taken = ["late_arrivals", "the_rest", "late_requests"];
        reports.iter().flat_map(|report| taken.map(|kind| report[kind][what].as_u64().unwrap())).sum()
    };
    let (relayed, answered, cut) = (of("relayed"), of("answered"), of("cut"));
    println!("{scene}: {relayed} relayed, {answered} told 503, {cut} cut");
    if answered > 0 {
        println!("{scene}: {}", Value::from(reports.clone()));
    }
    assert_eq!(cut, 0, "{reports:?}");
    (relayed, answered, tallies)
}

fn deadline() {
    let pods = Pods::under_lameduck("sync").granted().environment("LAMEDUCK_OWN_POD", "read").with(|pods| {
        pods.spec()["terminationGracePeriodSeconds"] = GRACE_PERIOD.into();
        // Nobody has said it.
        pods.container()["env"]
            .as_array_mut()
            .unwrap()
            .retain(|variable| variable["name"] != "LAMEDUCK_DEADLINE");
    });
    let reports = none_lost("the own pod is read", &granted_namespace(), &pods);
    assert_all(&reports, &[("outcome", "drained"), ("endpoints", "withdrawn")]);
    let limits: Vec<u64> =
        reports.iter().map(|report: &Value| report["deadline_ms"].as_u64().unwrap()).collect();
    println!("deadlines, ms: {limits:?}");
    // A second early, and a second is lost by its whole seconds; the rest is the time until the stop signal.
    let whole = u64::from(GRACE_PERIOD) * 1000;
    assert!(limits.iter().all(|limit| (1..=whole).contains(limit)), "{limits:?}");
}
