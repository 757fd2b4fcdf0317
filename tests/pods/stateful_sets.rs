//! A StatefulSet's rollout: one pod after the other, each by one of the same name. It waits for each old pod, and so do those
//! who guess: `preStop: sleep 15` costs its time for every pod.
use super::clients::{Clients, Tallies};
use super::cluster::Namespace;
use super::pods::Pods;
use super::support::runner::repeated;
use super::support::trial::trial;
use libtest_mimic::Trial;
use std::time::{Duration, Instant};

/// The comparison. The times are printed, for they are those of a machine; nothing passes or fails by them.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    vec![trial(
        "given_a_rollout_of_a_stateful_set_then_nobody_is_lost_and_the_time_is_shown",
        needs,
        repeated(|| {
            let (guessed, tallies) = rollout(&Pods::plain("sync").sleeping(15));
            tallies.show("StatefulSet, preStop sleep 15 and plain gunicorn");
            let pods = Pods::under_lameduck("sync").environment("LAMEDUCK_LAME_DUCK", "2s");
            let (seen, tallies) = rollout(&pods);
            let ratio = guessed.as_secs_f64() / seen.as_secs_f64();
            println!(
                "old pods gone: preStop sleep 15 {guessed:.1?}, lameduck {seen:.1?}, {ratio:.1} times sooner"
            );
            tallies.assert_none_lost("StatefulSet");
        }),
    )]
}

/// How long it takes until the old pods of two are gone, under load.
fn rollout(pods: &Pods) -> (Duration, Tallies) {
    let namespace = Namespace::new();
    let set = pods.clone().stateful().start(&namespace);
    let clients = Clients::start(&namespace, &set.address());
    let begin = Instant::now();
    set.restart();
    (begin.elapsed(), clients.finish())
}
