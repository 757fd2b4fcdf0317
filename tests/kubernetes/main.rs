//! What the API server tells at a stop, and what it does not: real `lameduck run`s with real servers, before an API server
//! of the test's own on loopback (HTTP/1 over TLS), and before a real one where `$KUBECONFIG` names it.
//!
//! | file | subject |
//! |---|---|
//! | `api_server/` | the API server: its objects, its watches, and how it can be made to fail |
//! | `scene` | a pod of it: a server under lameduck, with a service account's files |
//! | `withdrawal` | the lame duck waits until the pod is withdrawn, and for its propagation |
//! | `asked` | how much is asked in all |
//! | `failures` | no answer, or a wrong one: the drain goes on as without |
//! | `hosts_network` | on the network of the node nothing is made that would be the node's |
//! | `clocks` | a node whose clock is wrong |
//! | `own_pod` | the deadline, and a stop that nobody announced |
//! | `events` | how the drain went is told by Events |
//! | `relayed` | late arrivals go to the other endpoints |
//! | `real`, `real_events` | a kube-apiserver: `KUBECONFIG=FILE cargo test --test kubernetes` |
//! | `examined` | the same: what belongs to a workload, for `lameduck doctor deployment/web` |
//! | `cluster` | a namespace of it, by kubectl |
#[path = "../support/mod.rs"]
mod support;

mod api_server;
mod asked;
mod clocks;
mod cluster;
mod events;
#[cfg(feature = "manifests")]
mod examined;
mod failures;
mod hosts_network;
mod own_pod;
mod real;
mod real_events;
mod relayed;
mod scene;
mod withdrawal;

use support::{certificate, runner};

fn main() {
    let openssl = certificate::needs();
    runner::several_at_a_time([
        withdrawal::trials(&openssl),
        asked::trials(&openssl),
        failures::trials(&openssl),
        own_pod::trials(&openssl),
        clocks::trials(&openssl),
        hosts_network::trials(&openssl),
        events::trials(&openssl),
        relayed::trials(&openssl),
        real::trials(),
        real_events::trials(),
        #[cfg(feature = "manifests")]
        examined::trials(),
    ]);
}
