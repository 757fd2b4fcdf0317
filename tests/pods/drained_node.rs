//! `kubectl drain`: the node's pods are evicted, and the new ones find no place until it is uncordoned. So there is a time
//! without an endpoint, which is nobody's to bridge; whoever reached a pod before is answered.
use super::clients::{Clients, Tallies};
use super::cluster::Namespace;
use super::pods::Pods;
use super::support::runner::repeated;
use super::support::trial::trial;
use libtest_mimic::Trial;

/// The scene.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    vec![trial(
        "given_a_drained_node_then_nobody_who_reached_a_pod_is_lost",
        needs,
        repeated(|| {
            drained(&Pods::plain("sync")).show("node drained, plain gunicorn");
            drained(&Pods::under_lameduck("sync")).assert_none_lost_at_a_pod("node drained");
        }),
    )]
}

fn drained(pods: &Pods) -> Tallies {
    let namespace = Namespace::new();
    // In no other namespace, for a drain knows none.
    let deployment = pods.clone().labelled("scene", namespace.name()).start(&namespace);
    let clients = Clients::start(&namespace, &deployment.address());
    let node = namespace.get(&[&deployment.pods()[0]])["spec"]["nodeName"].as_str().unwrap().to_owned();
    let cordoned = Cordoned { namespace: &namespace, node };
    // Nobody else's pods, and not the clients.
    let these = format!("--pod-selector=scene={}", namespace.name());
    namespace.kubectl(&["drain", &cordoned.node, "--ignore-daemonsets", &these, "--timeout=180s"]);
    drop(cordoned);
    deployment.wait_until_available();
    clients.finish()
}

/// A node that takes no pods. It does again, whatever becomes of the scene.
struct Cordoned<'a> {
    namespace: &'a Namespace,
    node: String,
}

impl Drop for Cordoned<'_> {
    fn drop(&mut self) {
        let uncordoned = self.namespace.command(&["uncordon", &self.node]).status();
        if !uncordoned.is_ok_and(|status| status.success()) {
            eprintln!("node {} is still cordoned: kubectl uncordon {0}", self.node);
        }
    }
}
