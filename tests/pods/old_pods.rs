//! How long the old pods stay: until nobody comes to them any more, and not for a time that somebody guessed. `kubectl rollout
//! status` does not wait for them.
use super::clients::{Clients, Tallies};
use super::cluster::Namespace;
use super::pods::Pods;
use super::support::trial::trial;
use super::watch::{Seen, Watch};
use super::withdrawal::granted_namespace;
use super::workload::SELECTOR;
use libtest_mimic::Trial;
use std::time::{Duration, Instant, SystemTime};

/// How much sooner a pod is gone that is withdrawn than one that sleeps for 15 s.
const SOONER: f64 = 3.0;

/// The comparison. Times are those of a machine, and printed; what is compared is the shortest of several, which a busy machine
/// makes longer in both.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    vec![trial("given_a_rollout_then_old_pods_are_gone_three_times_sooner_than_after_a_sleep", needs, || {
        let sleeping = rollout("preStop sleep 15", &Namespace::new(), &Pods::plain("sync").sleeping(15));
        let by_default = Pods::under_lameduck("sync");
        none_lost("lameduck", &Namespace::new(), &by_default);
        let short = by_default.clone().environment("LAMEDUCK_LAME_DUCK", "2s");
        let short = none_lost("lameduck, 2 s of lame duck", &Namespace::new(), &short);
        let withdrawn = none_lost("lameduck with the Role", &granted_namespace(), &by_default.granted());
        for stops in [short, withdrawn] {
            let times = |sleeping: Duration, stops: Duration| sleeping.as_secs_f64() / stops.as_secs_f64();
            let (all, one) =
                (times(sleeping.whole, stops.whole), times(sleeping.shortest(), stops.shortest()));
            println!("all old pods gone {all:.1} times sooner, one of them {one:.1} times");
            assert!(one >= SOONER, "{:?} against {:?}", stops.shortest(), sleeping.shortest());
        }
    })]
}

/// How the old pods of a rollout went.
#[derive(Debug)]
pub struct Rollout {
    /// From the restart to the moment when the last old pod was gone.
    whole: Duration,
    /// From the deletion of each to its end.
    stops: Vec<Duration>,
    tallies: Tallies,
}

impl Rollout {
    /// The shortest stop of a pod.
    pub fn shortest(&self) -> Duration {
        self.stops.iter().min().copied().expect("pods that were replaced")
    }
}

/// The same, which loses nobody.
pub fn none_lost(scene: &str, namespace: &Namespace, pods: &Pods) -> Rollout {
    let rollout = rollout(scene, namespace, pods);
    rollout.tallies.assert_none_lost_or_refused(scene);
    rollout
}

/// One rollout under load. Prints its times.
pub fn rollout(scene: &str, namespace: &Namespace, pods: &Pods) -> Rollout {
    let workload = pods.start(namespace);
    let watch = Watch::start(namespace, &["pods", SELECTOR]);
    let clients = Clients::start(namespace, &workload.address());
    let begin = Instant::now();
    let old = workload.restart();
    let whole = begin.elapsed();
    let stop = |pod: &String| watch.wait_for("the end of the pod", |seen| stop(seen, pod));
    let stops: Vec<Duration> = old.iter().map(stop).collect();
    println!("{scene}: old pods gone after {whole:.1?}, each {stops:.1?} after its deletion");
    Rollout { whole, stops, tallies: clients.finish() }
}

/// From a pod's deletion to its end, once that was seen.
fn stop(seen: &[Seen], pod: &str) -> Option<Duration> {
    let first = |is: &dyn Fn(&Seen) -> bool| -> Option<SystemTime> {
        seen.iter().find(|seen| seen.object["metadata"]["uid"] == *pod && is(seen)).map(|seen| seen.at)
    };
    let deleted = first(&|seen| seen.object["metadata"]["deletionTimestamp"].is_string())?;
    first(&|seen| seen.how == "DELETED")?.duration_since(deleted).ok()
}
