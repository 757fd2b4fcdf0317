//! A pod on the host's network, with CAP_NET_ADMIN: a rule of nftables would be the node's, and none is made.
use crate::api_server::ApiServer;
use crate::scene::{Pod, beside_another, gunicorn};
use crate::support::trial::trial;
use crate::support::{finish, lameduck};
use lameduck::sockets::network;
use libtest_mimic::Trial;

pub fn trials(openssl: &Result<(), String>) -> Vec<Trial> {
    let needs = if !network::is_the_machines() {
        Err("this is not the network of a machine, but one of a container".to_owned())
    } else if !rustix::process::geteuid().is_root() {
        Err("without CAP_NET_ADMIN no rule could be made anyway: it needs root".to_owned())
    } else {
        openssl.clone()
    };
    vec![
        trial("on_the_hosts_network_new_connections_are_diverted", &needs, diverted),
        trial("on_the_hosts_network_a_rule_that_is_asked_for_is_refused", &needs, refused),
    ]
}

fn diverted() {
    let api = ApiServer::start();
    api.put(beside_another(8000, false));
    let options = ["--log-level", "debug", "--propagation", "0"];
    let (report, log) = Pod::new(gunicorn(), &api, &options).stopped(|_| ());
    assert_eq!((&report["gate"], &report["outcome"]), (&"divert".into(), &"drained".into()), "{log}");
    assert!(log.contains("this pod is on the host's network"), "{log}");
}

fn refused() {
    let mut run = lameduck();
    run.env("KUBERNETES_SERVICE_HOST", "10.96.0.1").args(["run", "--gate", "refuse", "--", "true"]);
    let output = finish(&mut run);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(125), "{said}");
    assert!(said.contains("this pod is on the host's network, where the rule would be the node's"), "{said}");
}
