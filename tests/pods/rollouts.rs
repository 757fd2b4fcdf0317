//! Rollouts under load that never pauses: plain gunicorn loses requests. Under lameduck: `modes`.
use super::clients::Clients;
use super::cluster::Namespace;
use super::pods::Pods;
use super::support::trial::trial;
use libtest_mimic::Trial;

/// How often plain gunicorn's pods are replaced.
const PLAIN: u32 = 3;

/// The scenes.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let plain = trial("plain_gunicorns_lose_requests_in_rollouts", needs, || {
        let failed: u64 = ["sync", "gthread"].map(plain).iter().sum();
        assert!(failed > 0, "the clients do not notice rollouts at all: what follows proves nothing");
    });
    vec![plain]
}

/// How many clients of plain gunicorn failed, lost or refused.
fn plain(worker: &str) -> u64 {
    let namespace = Namespace::new();
    let deployment = Pods::plain(worker).start(&namespace);
    let clients = Clients::start(&namespace, &deployment.address());
    for _ in 0..PLAIN {
        deployment.restart();
    }
    let tallies = clients.finish();
    println!("plain gunicorn {worker}, {PLAIN} rollouts: {tallies}");
    tallies.count("lost") + tallies.count("refused")
}
