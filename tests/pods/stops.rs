//! The other ways in which a Deployment's pods end: deleted, and scaled down. Two at once, for kube-proxy programs the second
//! change a second after the first: plain gunicorn loses clients in that second.
use super::clients::Clients;
use super::cluster::Namespace;
use super::pods::Pods;
use super::support::trial::trial;
use super::workload::Workload;
use libtest_mimic::Trial;

/// The scenes.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let deleted = trial("given_deleted_pods_then_none_of_their_clients_is_lost", needs, || {
        scene("two of four pods deleted, twice", |deployment| {
            deployment.delete_two();
            deployment.delete_two();
        });
    });
    let scaled = trial("given_a_scale_down_then_none_of_their_clients_is_lost", needs, || {
        scene("scaled from 4 to 2, to 4, to 2", |deployment| {
            deployment.scale(2);
            deployment.scale(4);
            deployment.scale(2);
        });
    });
    vec![deleted, scaled]
}

fn scene(what: &str, happens: impl FnOnce(&Workload)) {
    let namespace = Namespace::new();
    let deployment = Pods::under_lameduck("sync").replicas(4).start(&namespace);
    let clients = Clients::start(&namespace, &deployment.address());
    happens(&deployment);
    clients.finish().assert_none_lost(what);
}
