//! A headless Service: clients connect to the pods themselves, at addresses that a name service gave them some time ago. There
//! is none here, so the test is one: it tells the clients what the EndpointSlices say, and looks at those every few seconds
//! only, as a cache does.
use super::clients::{Clients, Tallies, USUAL};
use super::cluster::Namespace;
use super::pods::Pods;
use super::support::runner::repeated;
use super::support::trial::trial;
use super::workload::NAME;
use libtest_mimic::Trial;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How old an answer may be; CoreDNS keeps one for 30 s (its plugins `cache` and `kubernetes`).
const TTL: Duration = Duration::from_secs(3);

/// What lameduck is told of it, in a scene that shall not take so long: far more, for a machine may be busy.
const PROPAGATION: &str = "10s";

/// The file in the clients' pod that has the addresses.
const ADDRESSES: &str = "/dev/shm/addresses";

/// The scene.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    vec![trial(
        "given_a_headless_service_then_nobody_with_an_old_answer_is_lost",
        needs,
        repeated(|| {
            headless(&Pods::plain("sync")).show("headless, plain gunicorn");
            let pods = Pods::under_lameduck("sync").environment("LAMEDUCK_PROPAGATION", PROPAGATION);
            headless(&pods).assert_none_lost("headless");
        }),
    )]
}

fn headless(pods: &Pods) -> Tallies {
    let namespace = Namespace::new();
    let pods = pods.clone().with(|pods| pods.service()["clusterIP"] = "None".into());
    let deployment = pods.start(&namespace);
    let clients = Clients::in_a_pod(&namespace, &[&["--addresses", ADDRESSES], &USUAL[..]].concat());
    let known = addresses(&namespace);
    tell(&clients, &known);
    let clients = clients.begun();
    let (stop, stopped) = mpsc::channel::<()>();
    let (there, these) = (&namespace, &clients);
    thread::scope(|scope| {
        scope.spawn(move || resolve(there, these, known, &stopped));
        deployment.restart();
        drop(stop);
    });
    clients.finish()
}

/// Looks again each time that the last answer has become too old, until nobody asks any more.
fn resolve(
    namespace: &Namespace,
    clients: &Clients,
    mut known: BTreeSet<String>,
    stopped: &mpsc::Receiver<()>,
) {
    while stopped.recv_timeout(TTL) == Err(RecvTimeoutError::Timeout) {
        let now = addresses(namespace);
        if now != known {
            tell(clients, &now);
            known = now;
        }
    }
}

fn tell(clients: &Clients, addresses: &BTreeSet<String>) {
    let lines: Vec<_> = addresses.iter().map(String::as_str).collect();
    clients.write(ADDRESSES, &lines.join("\n"));
}

/// The ready endpoints, as a name service publishes them.
fn addresses(namespace: &Namespace) -> BTreeSet<String> {
    let label = format!("--selector=kubernetes.io/service-name={NAME}");
    let slices = namespace.get(&["endpointslices", &label]);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut addresses = BTreeSet::new();
    for slice in list(&slices["items"]) {
        let port = &slice["ports"][0]["port"];
        for endpoint in
            list(&slice["endpoints"]).iter().filter(|endpoint| endpoint["conditions"]["ready"] == true)
        {
            let address = endpoint["addresses"][0].as_str().unwrap();
            addresses.insert(format!("{address}:{port}"));
        }
    }
    addresses
}
