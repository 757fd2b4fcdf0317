//! How long the old pods stay: until nobody comes to them any more, and not for a time that somebody guessed.
use super::clients::Clients;
use super::cluster::Namespace;
use super::deployment::{Deployment, Pods};
use super::support::trial::trial;
use libtest_mimic::Trial;
use std::time::{Duration, Instant};

/// The comparison. Each rollout's time is printed; only that `sleep` keeps pods longer is asserted.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    vec![trial("old_pods_are_gone_sooner_than_after_a_sleep_of_15_seconds", needs, || {
        let slept = rollout("preStop sleep 15", Pods { pre_stop: Some(15), ..Pods::plain("sync") });
        let drained = rollout("lameduck", Pods::under_lameduck("sync"));
        assert!(drained < slept, "lameduck {drained:?}, preStop sleep 15 {slept:?}");
    })]
}

/// From the restart to the moment when the last old pod is gone, under load.
fn rollout(scene: &str, pods: Pods) -> Duration {
    let namespace = Namespace::new();
    let deployment = Deployment::new(&namespace, pods);
    let clients = Clients::start(&namespace, &deployment.address());
    let begin = Instant::now();
    deployment.restart();
    let took = begin.elapsed();
    println!("{scene}: old pods gone after {took:.1?}; {}", clients.finish());
    took
}
