//! How long the old pods stay: until nobody comes to them any more, and not for a time that somebody guessed. `kubectl rollout
//! status` does not wait for them.
use super::clients::{Clients, Tallies};
use super::cluster::Namespace;
use super::pods::Pods;
use super::support::trial::trial;
use libtest_mimic::Trial;
use std::time::Instant;

/// The comparison. The times are printed, for they are those of a machine; nothing passes or fails by them.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    vec![trial("given_a_rollout_then_the_time_of_the_old_pods_is_shown_and_none_is_lost", needs, || {
        rollout("preStop sleep 15", &Pods::plain("sync").sleeping(15));
        rollout("lameduck", &Pods::under_lameduck("sync")).assert_none_lost("lameduck");
    })]
}

/// Shows how long it is from the restart to the moment when the last old pod is gone, under load.
fn rollout(scene: &str, pods: &Pods) -> Tallies {
    let namespace = Namespace::new();
    let deployment = pods.start(&namespace);
    let clients = Clients::start(&namespace, &deployment.address());
    let begin = Instant::now();
    deployment.restart();
    println!("{scene}: old pods gone after {:.1?}", begin.elapsed());
    clients.finish()
}
