//! Services that are not like the others: of one replica, of pods that are published ready or not, and of a port at every node.
use super::clients::{Clients, Tallies, USUAL};
use super::cluster::Namespace;
use super::modes::assert_all;
use super::outside::Outside;
use super::pods::Pods;
use super::reports::Reports;
use super::support::runner::repeated;
use super::support::trial::trial;
use super::withdrawal::granted_namespace;
use libtest_mimic::Trial;

/// The scenes.
pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let one = trial(
        "given_a_service_of_one_replica_then_it_is_never_without_an_endpoint",
        needs,
        repeated(|| {
            let plain = one_replica(&Pods::plain("sync"), |_, _| ());
            plain.show("the only pod deleted, plain gunicorn");
            assert!(plain.failed() > 0, "the clients do not notice: what follows proves nothing");
            let withdrawn = |reports: &Reports, old: &[String]| {
                assert_all(&reports.of(old), &[("outcome", "drained"), ("endpoints", "withdrawn")]);
            };
            let tallies = one_replica(&Pods::under_lameduck("sync"), withdrawn);
            tallies.assert_none_lost_or_refused("the only pod deleted");
        }),
    );
    let published = trial(
        "given_pods_that_are_published_to_their_end_then_nobody_is_lost",
        needs,
        repeated(|| {
            published(&Pods::plain("sync")).show("publishNotReadyAddresses, plain gunicorn");
            published(&Pods::under_lameduck("sync")).assert_none_lost_at_a_pod("publishNotReadyAddresses");
        }),
    );
    let needs = needs.clone().and_then(|()| Outside::needs());
    let port = trial(
        "given_a_node_port_with_the_local_traffic_policy_then_nobody_is_lost",
        &needs,
        repeated(|| {
            node_port(&Pods::plain("sync")).show("NodePort, externalTrafficPolicy Local, plain gunicorn");
            let tallies = node_port(&Pods::under_lameduck("sync"));
            tallies.assert_none_lost("NodePort, externalTrafficPolicy Local");
        }),
    );
    vec![one, published, port]
}

/// The only pod is deleted: the last endpoint has to stay until there is another.
fn one_replica(pods: &Pods, check: impl FnOnce(&Reports, &[String])) -> Tallies {
    let namespace = granted_namespace();
    let deployment = pods.clone().granted().replicas(1).start(&namespace);
    let reports = Reports::watch(&namespace);
    let clients = Clients::start(&namespace, &deployment.address());
    let old = deployment.unique_ids();
    namespace.kubectl(&["delete", &deployment.pods()[0]]);
    deployment.wait_until_available();
    check(&reports, &old);
    clients.finish()
}

/// The endpoints of a stopping pod are called ready until the pod is gone, and those of a new one before it listens. So clients
/// are sent to either: they are told 503, or refused.
fn published(pods: &Pods) -> Tallies {
    let namespace = Namespace::new();
    // Traffic never ceases: it is not waited for.
    let pods = pods.clone().environment("LAMEDUCK_SETTLE_TIMEOUT", "1s");
    let pods = pods.with(|pods| pods.service()["publishNotReadyAddresses"] = true.into());
    let deployment = pods.start(&namespace);
    let clients = Clients::start(&namespace, &deployment.address());
    deployment.restart();
    clients.finish()
}

/// Clients outside of the cluster: for those inside, kube-proxy follows the other policy, `Cluster`.
fn node_port(pods: &Pods) -> Tallies {
    let namespace = Namespace::new();
    let pods = pods.clone().with(|pods| {
        pods.service()["type"] = "NodePort".into();
        pods.service()["externalTrafficPolicy"] = "Local".into();
    });
    let deployment = pods.start(&namespace);
    let pod = namespace.get(&[&deployment.pods()[0]]);
    let node = pod["status"]["hostIP"].as_str().unwrap();
    let port = &namespace.get(&["service", "web"])["spec"]["ports"][0]["nodePort"];
    let outside = Outside::of(node.parse().unwrap());
    let mut load = outside.load();
    load.arg(format!("{node}:{port}")).args(USUAL);
    let clients = Clients::outside(&namespace, load).begun();
    deployment.restart();
    clients.finish()
}
