//! How long the old pods stay: until nobody comes to them any more, and not for a time that somebody guessed.
use super::clients::Clients;
use super::cluster::Namespace;
use super::deployment::{Deployment, Pods};
use super::rollouts::LAMEDUCK;
use super::support::trial::trial;
use libtest_mimic::Trial;
use std::time::{Duration, Instant};

/// The comparison. Each rollout's time is printed; only that `sleep` keeps pods longer is asserted.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    vec![trial("old_pods_are_gone_sooner_than_after_a_sleep_of_15_seconds", needs, || {
        let slept = rollout("preStop sleep 15", &[], Some(15));
        let drained = rollout("lameduck", LAMEDUCK, None);
        assert!(drained < slept, "lameduck {drained:?}, preStop sleep 15 {slept:?}");
    })]
}

/// From the restart to the moment when the last old pod is gone, under load.
fn rollout(scene: &str, under: &[&str], pre_stop: Option<u32>) -> Duration {
    let namespace = Namespace::new();
    let deployment = Deployment::new(&namespace, Pods { worker: "sync", under, pre_stop });
    let clients = Clients::start(&namespace, &deployment.address());
    let begin = Instant::now();
    deployment.restart();
    let took = begin.elapsed();
    println!("{scene}: old pods gone after {took:.1?}; {}", clients.finish());
    took
}
