//! What becomes of the clients of a Deployment's pods when those are replaced, deleted or scaled down, on a Kubernetes
//! cluster: any that `$KUBECONFIG` names, with the image `$LAMEDUCK_TEST_IMAGE` (tests/cluster/README.md).
//!
//! Without a cluster all of it is shown as ignored, with the reason.
#[path = "../support/mod.rs"]
mod support;

mod clients;
mod cluster;
mod doctor;
mod endpoints;
mod events;
mod failing;
mod in_place;
mod modes;
mod old_pods;
mod pods;
mod reports;
mod rollouts;
mod stops;
mod told;
mod watch;
mod withdrawal;
mod workload;

fn main() {
    let needs = cluster::needs();
    support::runner::one_at_a_time([
        rollouts::trials(&needs),
        modes::trials(&needs),
        withdrawal::trials(&needs),
        in_place::trials(&needs),
        failing::trials(&needs),
        stops::trials(&needs),
        told::trials(&needs),
        events::trials(&needs),
        old_pods::trials(&needs),
        doctor::trials(&needs),
    ])
}
