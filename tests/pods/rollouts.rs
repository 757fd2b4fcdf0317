//! Rollouts under load that never pauses: plain gunicorn loses requests, under lameduck it loses none.
use super::clients::Clients;
use super::cluster::Namespace;
use super::pods::Pods;
use super::support::trial::trial;
use libtest_mimic::Trial;

/// How often plain gunicorn's pods are replaced.
const PLAIN: u32 = 3;

/// How often those under lameduck are.
const UNDER_LAMEDUCK: u32 = 10;

/// The scenes.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let plain = trial("plain_gunicorns_lose_requests_in_rollouts", needs, || {
        let failed: u64 = ["sync", "gthread"].map(plain).iter().sum();
        assert!(failed > 0, "the clients do not notice rollouts at all: what follows proves nothing");
    });
    let under = ["sync", "gthread"].map(|worker| {
        let name = format!("gunicorn_{worker}_under_lameduck_loses_none_in_rollouts");
        trial(&name, needs, move || under_lameduck(worker))
    });
    [plain].into_iter().chain(under).collect()
}

/// How many clients of plain gunicorn failed, lost or refused.
fn plain(worker: &str) -> u64 {
    let namespace = Namespace::new();
    let deployment = Pods::plain(worker).start(&namespace);
    let clients = Clients::start(&namespace, &deployment.address());
    (0..PLAIN).for_each(|_| deployment.restart());
    let tallies = clients.finish();
    println!("plain gunicorn {worker}, {PLAIN} rollouts: {tallies}");
    tallies.count("lost") + tallies.count("refused")
}

fn under_lameduck(worker: &str) {
    let namespace = Namespace::new();
    let deployment = Pods::under_lameduck(worker).start(&namespace);
    let clients = Clients::start(&namespace, &deployment.address());
    (0..UNDER_LAMEDUCK).for_each(|_| deployment.restart());
    let scene = format!("gunicorn {worker} under lameduck, {UNDER_LAMEDUCK} rollouts");
    clients.finish().assert_none_lost(&scene);
}
