//! A user without privileges in a user namespace of his own, as in a rootless container: he has CAP_NET_ADMIN over the
//! network namespace that is made with it, and nothing else.
use crate::drains::{HOLDING, WORKERS, loses_nobody_of};
use crate::faults::in_a_thread;
use crate::support::ports::free_port;
use crate::support::python;
use crate::support::server::{Builder, Server};
use crate::support::trial::trial;
use libtest_mimic::Trial;
use rustix::process::geteuid;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::process::Command;

const NAMESPACES: [&str; 4] = ["unshare", "--user", "--map-root-user", "--net"];
/// A new network namespace has a loopback interface that is down.
const LOOPBACK: [&str; 4] = ["sh", "-c", "ip link set lo up && exec \"$@\"", "sh"];

pub fn trials(needs: &Result<(), String>) -> Vec<Trial> {
    let needs = needs.clone().and_then(|()| permitted());
    let reuse_port = [&WORKERS[..], &["--reuse-port"]].concat();
    let two = reuse_port.clone();
    vec![
        trial("in_a_user_namespace_a_server_is_refused", &needs, || {
            drains(Server::gunicorn("sync", &WORKERS), &HOLDING, "refuse");
        }),
        trial("in_a_user_namespace_a_reuse_port_group_is_refused", &needs, move || {
            drains(Server::gunicorn("sync", &reuse_port), &HOLDING, "refuse");
        }),
        trial("in_a_user_namespace_a_reuse_port_group_is_diverted", &needs, move || {
            drains(Server::gunicorn("sync", &two), &["--gate", "divert"], "divert");
        }),
        trial("in_a_user_namespace_a_reuse_port_group_is_joined_where_nothing_is_held", &needs, || {
            let log = drains(group(), &["--gate", "divert", "--capture", "none"], "divert");
            assert!(log.contains("joined the server's own group"), "{log}");
        }),
    ]
}

fn permitted() -> Result<(), String> {
    if !geteuid().is_root() {
        return Err("needs root, to become another user and to follow him into his network".to_owned());
    }
    python::usable_by_others()?;
    let mut tried = Command::new("setpriv");
    tried.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    tried.args(NAMESPACES).args(LOOPBACK).arg("true");
    let output = tried.output().map_err(|error| format!("needs setpriv (Debian: util-linux): {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("no namespaces for a plain user: {said}")) }
}

/// Two listening sockets of one address.
fn group() -> Builder {
    let port = free_port();
    let script = format!("{}/group.py", python::SERVERS);
    Builder::new(port, python::program("python"), [&script, "127.0.0.1", &port.to_string(), "2"])
}

/// Gives what was logged.
fn drains(server: Builder, options: &[&str], gate: &str) -> String {
    let lameduck = [env!("CARGO_BIN_EXE_lameduck"), "run"];
    let server = server.under(&[&NAMESPACES[..], &LOOPBACK, &lameduck, options, &["--"]].concat());
    // A network namespace is a thread's, and the load is this one's.
    in_a_thread(|| {
        let mut server = server.unprivileged().start_when(|server| {
            let network = File::open(format!("/proc/{}/ns/net", server.pid())).unwrap();
            move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            TcpStream::connect(server.address()).is_ok()
        });
        loses_nobody_of(&mut server, gate);
        server.log()
    })
}
