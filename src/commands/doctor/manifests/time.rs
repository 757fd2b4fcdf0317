//! Whether a drain fits into the grace period, and who sends traffic that has to go elsewhere first.
use super::access;
use super::case::Case;
use super::objects::{items, name, node, text};
use crate::cli::OwnPod;
use crate::cli::values::CLOUD_LB;
use crate::commands::doctor::finding::Finding;
use crate::commands::doctor::grace::Known;
use crate::drain::Policy;
use crate::inject::tree::Node;
use crate::kubernetes::{Permission, is_load_balancers};

const PROPAGATION: &str = "propagation";

/// Who sends a pod traffic, as far as the objects tell, and is slower than kube-proxy.
#[derive(Debug, PartialEq, Eq)]
enum Sender {
    /// A cloud's load balancer that has pods as its targets; by what that is told.
    LoadBalancer(String),
    /// One of which that is not told.
    PerhapsLoadBalancer(String),
    /// An ingress controller.
    Ingress(String),
    /// Clients of a headless Service that no other one stands beside.
    Dns(String),
}

/// Both.
pub fn findings(case: &Case) -> Vec<Finding> {
    let sender = sender(case);
    let is_told = case.options.drain.propagation.is_some();
    let reads_pod = case.options.kubernetes.own_pod == OwnPod::Read && access::has(case, Permission::GetPods);
    let reads_gates = reads_pod && has_gate(case);
    let mut policy = case.policy.clone();
    let balanced = matches!(sender, Some(Sender::LoadBalancer(_)));
    if balanced && !is_told {
        policy.propagation = CLOUD_LB;
        policy.unseen_lame_duck = policy.unseen_lame_duck.max(CLOUD_LB);
    }
    let known = Known {
        policy: &policy,
        pod: Some(case.grace),
        reads_pod,
        sees_withdrawal: access::sees_withdrawal(case),
        in_kubernetes: true,
    };
    let mut findings = vec![known.finding()];
    if !is_told && !reads_gates {
        findings.extend(sender.map(|sender| untold(&sender, &case.policy)));
    }
    findings
}

/// lameduck is not told.
fn untold(sender: &Sender, policy: &Policy) -> Finding {
    match sender {
        Sender::LoadBalancer(by) => Finding::weaker(
            PROPAGATION,
            format!("a cloud's load balancer sends the pods traffic ({by}), and lameduck is not told"),
            "set LAMEDUCK_PROPAGATION=cloud-lb",
        ),
        Sender::PerhapsLoadBalancer(service) => Finding::weaker(
            PROPAGATION,
            format!(
                "{service} is of the type LoadBalancer: where that has the pods as targets, it takes minutes; nothing here tells"
            ),
            "set LAMEDUCK_PROPAGATION=cloud-lb where its targets are pods, kube-proxy where they are nodes",
        ),
        Sender::Ingress(ingress) => {
            let takes = humantime::format_duration(policy.propagation);
            Finding::weaker(
                PROPAGATION,
                format!(
                    "{ingress} sends the pods traffic, whose controller may take 5s to hear of a change; lameduck reckons with {takes}"
                ),
                "set LAMEDUCK_PROPAGATION=ingress",
            )
        }
        Sender::Dns(service) => Finding::weaker(
            PROPAGATION,
            format!(
                "{service} is headless: its clients have the pods' addresses by DNS, and keep them for up to 30s"
            ),
            "set LAMEDUCK_PROPAGATION=dns where they serve others than one another, kube-proxy where nobody else comes by it",
        ),
    }
}

/// The slowest.
fn sender(case: &Case) -> Option<Sender> {
    if has_gate(case) {
        return Some(Sender::LoadBalancer("readinessGates".to_owned()));
    }
    let services = case.services();
    let ingresses: Vec<&Node> = case
        .objects
        .of_kind("Ingress", case.pod.workload.namespace)
        .filter(|ingress| services.iter().any(|service| leads_to(ingress, name(service))))
        .collect();
    let by_service = services.iter().find_map(|service| targets_pods(service, "service"));
    let by_ingress = ingresses.iter().find_map(|ingress| targets_pods(ingress, "ingress"));
    if let Some(by) = by_service.or(by_ingress) {
        return Some(Sender::LoadBalancer(by));
    }
    let of = |service: &Node| format!("service/{}", name(service));
    if let Some(service) = services.iter().find(|one| text(one, &["spec", "type"]) == Some("LoadBalancer")) {
        return Some(Sender::PerhapsLoadBalancer(of(service)));
    }
    if let Some(ingress) = ingresses.first() {
        return Some(Sender::Ingress(format!("ingress/{}", name(ingress))));
    }
    let is_headless = |service: &&Node| text(service, &["spec", "clusterIP"]) == Some("None");
    match services.first() {
        Some(first) if services.iter().all(is_headless) => Some(Sender::Dns(of(first))),
        _ => None,
    }
}

fn has_gate(case: &Case) -> bool {
    let gates = items(case.pod.spec, &["readinessGates"]);
    gates.iter().filter_map(|gate| text(gate, &["conditionType"])).any(is_load_balancers)
}

/// Annotations by which a cloud's controllers give a balancer pods as targets: AWS Load Balancer Controller (guide/service/annotations,
/// guide/ingress/annotations), and GKE (container-native load balancing).
fn targets_pods(object: &Node, kind: &str) -> Option<String> {
    const BY: [(&str, &[&str]); 4] = [
        ("service.beta.kubernetes.io/aws-load-balancer-nlb-target-type", &["ip"]),
        ("service.beta.kubernetes.io/aws-load-balancer-type", &["nlb-ip"]),
        ("alb.ingress.kubernetes.io/target-type", &["ip"]),
        ("cloud.google.com/neg", &[]),
    ];
    let annotations = node(object, &["metadata", "annotations"])?;
    let is_it = |(key, values): &&(&str, &[&str])| {
        let value = annotations.get(key).and_then(Node::text);
        value.is_some_and(|value| values.is_empty() || values.contains(&value))
    };
    BY.iter().find(is_it).map(|(key, _)| format!("{key} of {kind}/{}", name(object)))
}

fn leads_to(ingress: &Node, service: &str) -> bool {
    let is_it =
        |backend: Option<&Node>| backend.is_some_and(|one| text(one, &["service", "name"]) == Some(service));
    let rules = items(ingress, &["spec", "rules"]).iter();
    let mut paths = rules.flat_map(|rule| items(rule, &["http", "paths"]));
    is_it(node(ingress, &["spec", "defaultBackend"])) || paths.any(|path| is_it(path.get("backend")))
}
