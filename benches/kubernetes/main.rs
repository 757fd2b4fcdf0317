//! What asking the API server costs: lameduck's memory before, while and after it asks; and two hundred pods of one Service that are
//! told to stop in one instant, before a kube-apiserver (`$KUBECONFIG`).
//!
//! The API server of the memory's table is the tests' own, on loopback.
#[path = "../support/mod.rs"]
mod figures;
#[path = "../../tests/support/mod.rs"]
mod support;

#[path = "../../tests/kubernetes/api_server/mod.rs"]
#[allow(dead_code, unused_imports, reason = "a part of it")]
mod api_server;
#[path = "../../tests/kubernetes/cluster.rs"]
#[allow(dead_code, reason = "a part of it")]
mod cluster;
mod crowd;
mod memory;
#[path = "../../tests/kubernetes/scene.rs"]
#[allow(dead_code, reason = "a part of it")]
mod scene;

use figures::machine;

fn main() {
    if crowd::stopped() || !machine::begin("What asking the API server costs") {
        return;
    }
    memory::measure();
    match support::kubectl::api_server() {
        Ok(()) => crowd::measure(),
        Err(reason) => println!("\ntwo hundred pods that stop together: {reason}"),
    }
}
