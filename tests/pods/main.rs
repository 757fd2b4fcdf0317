//! What becomes of the clients of a workload's pods when those end, on a Kubernetes cluster: any that `$KUBECONFIG` names,
//! with the image `$LAMEDUCK_TEST_IMAGE` (tests/cluster/README.md).
//!
//! | file | subject |
//! |---|---|
//! | `cluster`, `pods`, `workload` | a namespace, the pods that a scene wants, and what is done to them |
//! | `clients`, `load`, `outside` | the clients: their pod, their program, and a place outside of the cluster |
//! | `watch`, `endpoints`, `reports` | what the API server told meanwhile: when a Service had no endpoint, what pods left |
//! | `rollouts`, `modes`, `old_pods` | a Deployment's pods replaced: plain, in each way to run lameduck, how long the old ones stay |
//! | `stops`, `told`, `events` | a Deployment's pods deleted and scaled down; what they tell, and what is left of them |
//! | `doctor` | `lameduck doctor`, called in pods |
//! | `injected` | manifests that `lameduck inject` has been at |
//! | `newcomer` | the README's commands, as they stand there |
//! | `kustomized`, `post_rendered` | the same by kustomize, and by Helm's post-renderer |
//! | `charts` | the application chart, installed by Helm 3 and 4 |
//! | `admitted`, `metrics` | namespaces with a label, and the chart lameduck-injector; what an autoscaler reads |
//! | `withdrawal`, `api_trouble` | what is asked of the API server, and an API server that fails |
//! | `in_place`, `failing` | containers that are restarted in place; hooks that fail |
//! | `stateful_sets` | a StatefulSet's pods replaced |
//! | `evictions`, `drained_node` | evicted by the API, by the kubelet, by `kubectl drain` |
//! | `services`, `headless` | one replica, published to the end, a port at every node; no address of the Service's own |
//! | `short_grace`, `sparse` | a backlog longer than the grace period; a client that comes seldom |
//!
//! Without a cluster all of it is shown as ignored, with the reason.
#[path = "../support/mod.rs"]
mod support;

mod admitted;
mod api_trouble;
mod charts;
mod clients;
mod cluster;
mod doctor;
mod drained_node;
mod endpoints;
mod events;
mod evictions;
mod failing;
mod headless;
mod in_place;
mod injected;
mod kustomized;
mod metrics;
mod modes;
mod newcomer;
mod old_pods;
mod outside;
mod pods;
mod post_rendered;
mod reports;
mod rollouts;
mod services;
mod short_grace;
mod sparse;
mod stateful_sets;
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
        injected::trials(&needs),
        newcomer::trials(&needs),
        kustomized::trials(&needs),
        post_rendered::trials(&needs),
        charts::trials(&needs),
        admitted::trials(&needs),
        failing::trials(&needs),
        stops::trials(&needs),
        told::trials(&needs),
        events::trials(&needs),
        old_pods::trials(&needs),
        doctor::trials(&needs),
        stateful_sets::trials(&needs),
        evictions::trials(&needs),
        drained_node::trials(&needs),
        services::trials(&needs),
        headless::trials(&needs),
        api_trouble::trials(&needs),
        short_grace::trials(&needs),
        sparse::trials(&needs),
    ])
}
