//! Services that offer a pod to its end: with `publishNotReadyAddresses` its endpoint is ready until it is gone, terminating or not.
use super::case::Case;
use super::objects::{name, text};
use crate::commands::doctor::finding::Finding;

const SUBJECT: &str = "publishNotReadyAddresses";

/// A line for each.
pub fn findings(case: &Case) -> Vec<Finding> {
    let services = case.services();
    let publishes = |service: &&&_| text(service, &["spec", "publishNotReadyAddresses"]) == Some("true");
    let others = services.iter().filter(|service| !publishes(service)).count();
    services
        .iter()
        .filter(publishes)
        .map(|service| {
            let what = format!("service/{} has it", name(service));
            let is_headless = text(service, &["spec", "clusterIP"]) == Some("None");
            match (is_headless, others) {
                (true, 1..) => Finding::ok(SUBJECT, format!("{what}, by which the pods find one another; clients have another one")),
                (true, 0) => Finding::weaker(
                    SUBJECT,
                    format!("{what}: its names lead to a stopping pod until that is gone"),
                    "give clients a Service of their own without it",
                ),
                (false, _) => Finding::weaker(
                    SUBJECT,
                    format!("{what}: kube-proxy sends new connections to a stopping pod until that is gone; lameduck goes by `terminating`, and tells them 503 or refuses them"),
                    "set publishNotReadyAddresses: false, and let the pods find one another by a headless Service of its own",
                ),
            }
        })
        .collect()
}
