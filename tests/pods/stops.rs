//! The other ways in which a Deployment's pod ends: deleted, and scaled down.
use super::clients::Clients;
use super::cluster::Namespace;
use super::deployment::{Deployment, Pods};
use super::support::trial::trial;
use libtest_mimic::Trial;

/// The scenes.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let deleted = trial("given_a_deleted_pod_then_none_of_its_clients_is_lost", needs, || {
        scene("a pod deleted, twice", |deployment| {
            deployment.delete_one();
            deployment.delete_one();
        });
    });
    let scaled = trial("given_a_scale_down_then_none_of_its_clients_is_lost", needs, || {
        scene("scaled from 2 to 1, to 2, to 1", |deployment| {
            deployment.scale(1);
            deployment.scale(2);
            deployment.scale(1);
        });
    });
    vec![deleted, scaled]
}

fn scene(what: &str, happens: impl FnOnce(&Deployment)) {
    let namespace = Namespace::new();
    let deployment = Deployment::new(&namespace, Pods::under_lameduck("sync"));
    let clients = Clients::start(&namespace, &deployment.address());
    happens(&deployment);
    clients.finish().assert_none_lost(what);
}
