//! Ports that only root may bind (below `net.ipv4.ip_unprivileged_port_start`, which is 0 in many containers), in a network of the
//! server's own where that is 1024: a server that gives its privileges up, and a lameduck that never had any.
use crate::faults::in_a_thread;
use crate::queued;
use crate::stop::KINDS;
use crate::support::load::{plan, until_gone};
use crate::support::python;
use crate::support::server::{Builder, Server};
use crate::support::trial::trial;
use crate::support::{PATIENCE, wait_for};
use lameduck::load::Plan;
use libtest_mimic::Trial;
use rustix::process::geteuid;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::process::Command;

const PORT: u16 = 80;
const NETWORK: [&str; 6] = [
    "unshare",
    "--net",
    "sh",
    "-c",
    "ip link set lo up && echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start && exec \"$@\"",
    "sh",
];
const LAMEDUCK: [&str; 3] = [env!("CARGO_BIN_EXE_lameduck"), "run", "--"];
const NOBODY: [&str; 4] = ["--user", "65534", "--group", "65534"];

pub fn trials(usable: &Result<(), String>) -> Vec<Trial> {
    let needs = usable.clone().and_then(|()| permitted());
    let nginx = needs.clone().and_then(|()| {
        let version = Command::new("nginx").arg("-v").output();
        version.map(drop).map_err(|_| "nginx is not on PATH: install it (Debian: nginx-light)".to_owned())
    });
    vec![
        trial("a_gunicorn_that_gives_up_root_loses_nobody_at_a_low_port", &needs, || {
            loses_nobody(gunicorn("127.0.0.1:80", &NOBODY).under(&[&NETWORK[..], &LAMEDUCK].concat()));
        }),
        trial("an_nginx_that_gives_up_root_loses_nobody_at_a_low_port", &nginx, || {
            loses_nobody(nginx_at_a_low_port());
        }),
        trial(
            "at_a_low_port_that_lameduck_may_not_bind_who_is_queued_is_answered_and_it_is_said",
            &needs,
            || {
                may_not_bind();
            },
        ),
    ]
}

fn permitted() -> Result<(), String> {
    if !geteuid().is_root() {
        return Err("needs root, for a low port and a network namespace".to_owned());
    }
    let output = Command::new(NETWORK[0]).args(&NETWORK[1..]).arg("true").output();
    let output = output.map_err(|error| format!("needs unshare (util-linux): {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    output.status.success().then_some(()).ok_or_else(|| format!("no network of its own: {said}"))
}

fn gunicorn(bind: &str, options: &[&str]) -> Builder {
    let args = ["--no-control-socket", "--chdir", python::SERVERS, "--bind", bind, "--workers", "2"];
    let args = args.iter().chain(options).chain(&["app:application"]);
    Builder::new(PORT, python::program("gunicorn"), args).booted()
}

/// Its master stays root and holds the listener; its workers are another user's.
fn nginx_at_a_low_port() -> Builder {
    let script = format!("cd {} && exec sh nginx.sh {PORT}", python::SERVERS);
    Builder::new(PORT, "sh", ["-c", &script]).under(&[&NETWORK[..], &LAMEDUCK].concat())
}

/// Starts it, and moves this thread into its network.
fn start(server: Builder) -> Server {
    server.start_when(|server| {
        // The namespace of unshare(1) is made before its first bytes, and loopback is up a moment later.
        let network = File::open(format!("/proc/{}/ns/net", server.pid())).expect("namespaces(7)");
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).expect("setns(2)");
        TcpStream::connect(server.address()).is_ok()
    })
}

fn loses_nobody(server: Builder) {
    in_a_thread(|| {
        let mut server = start(server);
        let plan = Plan { slow: None, ..plan(&server, KINDS[0].rate) };
        let result = until_gone(&mut server, plan, 1, |server| {
            // The drain waits for this one.
            let mut held = TcpStream::connect(server.address()).expect("a connection");
            held.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n").expect("a part of a request");
            server.signal(libc::SIGTERM);
            wait_for("the gate to close", || server.log().contains("gate closed").then_some(()));
            let mut late = TcpStream::connect(server.address()).expect("a connection");
            assert!(ask(&mut late, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 503 "));
            assert!(ask(&mut held, "Connection: close\r\n\r\n").starts_with("HTTP/1.1 200 "));
        });
        let tally = &result.tally;
        assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?} {}", server.log());
        assert_eq!(result.status.code(), Some(0));
        let log = server.log();
        assert!(log.contains("outcome=drained gate=divert") && !log.contains("no gate"), "{log}");
    });
}

fn ask(client: &mut TcpStream, words: &str) -> String {
    let mut answer = String::new();
    client.set_read_timeout(Some(PATIENCE)).expect("an option");
    client.write_all(words.as_bytes()).expect("a request");
    client.read_to_string(&mut answer).expect("an answer, and the end");
    answer
}

/// The socket was bound before it, by root.
fn may_not_bind() {
    let program = python::program("python");
    let launcher = format!("{}/low_port.py", python::SERVERS);
    let program = program.to_str().expect("a path in UTF-8");
    let wrapper = [&NETWORK[..], &[program, &launcher, "80"], &LAMEDUCK].concat();
    in_a_thread(|| {
        let mut server = start(gunicorn("fd://3", &[]).under(&wrapper));
        queued::are_answered(&mut server, |server| server.signal(libc::SIGTERM));
        let log = server.log();
        assert!(log.contains("needs CAP_NET_BIND_SERVICE"), "{log}");
        assert!(log.contains("outcome=drained gate=none"), "{log}");
    });
}
