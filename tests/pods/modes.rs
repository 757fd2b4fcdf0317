//! The ways to run lameduck, each in rollouts under load: entrypoint, hook and sidecar, on sync and gthread workers.
//!
//! Two rollouts each, of two pods; `LAMEDUCK_TEST_RUNS=10` is ten.
use super::clients::{Clients, Tallies};
use super::cluster::Namespace;
use super::pods::Pods;
use super::reports::Reports;
use super::support::runner::runs_or;
use super::support::trial::trial;
use libtest_mimic::Trial;
use serde_json::Value;

/// How often pods are replaced.
fn rollouts() -> u32 {
    runs_or(2)
}

/// What is done with a worker class.
type Scene = fn(&str);

/// The scenes.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let ways: [(&str, Scene); 4] = [
        ("under_lameduck", entrypoint),
        ("with_a_hook", hook),
        ("with_a_hook_that_may_hold_its_sockets", unconfined),
        ("with_a_sidecar", sidecar),
    ];
    let all = ways.into_iter().flat_map(|way| ["sync", "gthread"].map(|worker| (way, worker)));
    let joins = trial("gunicorn_that_shares_its_port_with_a_sidecar_loses_none_in_rollouts", needs, joined);
    all.map(|((way, scene), worker)| {
        trial(&format!("gunicorn_{worker}_{way}_loses_none_in_rollouts"), needs, move || scene(worker))
    })
    .chain([joins])
    .collect()
}

fn entrypoint(worker: &str) {
    let scene = format!("gunicorn {worker} under lameduck");
    let reports = none_lost(&scene, &Namespace::new(), &Pods::under_lameduck(worker));
    assert_all(&reports, &[("capture", "bind"), ("gate", "divert")]);
}

/// RuntimeDefault refuses pidfd_getfd: there is no gate, and nothing is parked.
fn hook(worker: &str) {
    ungated(&format!("gunicorn {worker} with a hook"), worker, &Pods::with_hook(worker));
}

fn unconfined(worker: &str) {
    let scene = format!("gunicorn {worker} with a hook, without a seccomp profile");
    let namespace = Namespace::enforcing("baseline");
    let reports = none_lost(&scene, &namespace, &Pods::with_hook(worker).unconfined());
    assert_all(&reports, &[("outcome", "drained"), ("capture", "getfd"), ("gate", "divert")]);
}

fn sidecar(worker: &str) {
    ungated(&format!("gunicorn {worker} with a sidecar"), worker, &Pods::with_sidecar(worker));
}

fn ungated(scene: &str, worker: &str, pods: &Pods) {
    let (tallies, reports) = roll(&Namespace::new(), pods, rollouts());
    let scene = format!("{scene}, {} rollouts", rollouts());
    if worker == "gthread" {
        tallies.assert_none_lost_but_by_the_servers_own_end(&scene);
    } else {
        // Keeps no connection.
        tallies.assert_none_lost_or_refused(&scene);
    }
    assert_all(&reports, &[("capture", "none"), ("gate", "none")]);
}

fn joined() {
    let pods = Pods::with_sidecar("sync").gunicorn("--reuse-port");
    let reports = none_lost("gunicorn sync --reuse-port with a sidecar", &Namespace::new(), &pods);
    assert_all(&reports, &[("outcome", "drained"), ("capture", "none"), ("gate", "divert")]);
}

/// Shows that no client is lost, refused or without an endpoint; gives the reports of the pods that were replaced.
pub fn none_lost(scene: &str, namespace: &Namespace, pods: &Pods) -> Vec<Value> {
    let (tallies, reports) = roll(namespace, pods, rollouts());
    tallies.assert_none_lost_or_refused(&format!("{scene}, {} rollouts", rollouts()));
    reports
}

/// Replaces the pods so often under load; gives how the clients fared, and the reports of the pods that were replaced.
pub fn roll(namespace: &Namespace, pods: &Pods, times: u32) -> (Tallies, Vec<Value>) {
    let workload = pods.start(namespace);
    let watched = Reports::watch(namespace);
    let clients = Clients::start(namespace, &workload.address());
    let old: Vec<String> = (0..times).flat_map(|_| workload.restart()).collect();
    (clients.finish(), watched.of(&old))
}

/// Shows that all of them say this.
pub fn assert_all(reports: &[Value], facts: &[(&str, &str)]) {
    for report in reports {
        for (name, fact) in facts {
            assert_eq!(report[name], *fact, "{report}");
        }
    }
}
