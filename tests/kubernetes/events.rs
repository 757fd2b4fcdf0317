//! How the drain went, told by Events on this pod and on its owner.
use crate::api_server::{ApiServer, Fault, service_account};
use crate::scene::{Pod, UID, beside_another, gunicorn, read};
use crate::support::ports::free_port;
use crate::support::process::{self, Mark};
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::{PATIENCE, end_of, lameduck, wait_for};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Command, Stdio};

const ON: [&str; 2] = ["--events", "on"];
const READ: [&str; 2] = ["--own-pod", "read"];
/// Said when one could not be written.
const WITHOUT: &str = "an Event could not be written (--events): ";

pub fn trials(openssl: &Result<(), String>) -> Vec<Trial> {
    let forbidden = || are_not_written(Fault::Status(403, None), "may not create events (403)");
    let overloaded = || are_not_written(Fault::Status(429, Some(1)), "overloaded or out of order (429)");
    let silent = || are_not_written(Fault::Silence, "has not answered within 1s");
    vec![
        trial("a_drain_is_told_on_the_pod_and_on_its_owner", openssl, both),
        trial("a_pod_that_is_not_read_is_told_alone", openssl, alone),
        trial("a_drain_that_is_cut_short_is_told_as_a_warning", openssl, cut_short),
        trial("a_server_that_died_is_told_as_a_warning", openssl, died),
        trial("forbidden_events_are_said_once", openssl, forbidden),
        trial("events_are_written_once_and_not_again", openssl, overloaded),
        trial("events_that_nobody_answers_hold_the_end_up_for_a_second", openssl, silent),
        trial("a_hook_returns_when_its_drain_is_told", openssl, hook),
        trial("the_drain_of_a_sidecar_is_told", openssl, sidecar),
    ]
}

/// This pod, as a ReplicaSet has made it.
fn pod() -> Value {
    let owner = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d8f", "uid": "uid-5d8f", "controller": true});
    json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []},
        "metadata": {"name": "web-0", "namespace": "shop", "uid": UID, "ownerReferences": [owner]}})
}

fn api() -> ApiServer {
    let api = ApiServer::start();
    api.put(beside_another(8000, false));
    api.objects().pod = Some(pod());
    api
}

fn facts(event: &Value) -> [&str; 4] {
    let object = &event["involvedObject"];
    [&event["type"], &event["reason"], &object["kind"], &object["name"]]
        .map(|value| value.as_str().unwrap_or_else(|| panic!("{event}")))
}

fn both() {
    let api = api();
    let message = tempfile::NamedTempFile::new().expect("a temporary file");
    let file = message.path().to_str().expect("UTF-8");
    let (_, log) =
        Pod::new(gunicorn(), &api, &[&ON[..], &READ, &["--termination-log", file]].concat()).stopped(|_| ());
    let objects = api.objects();
    let [of_pod, of_owner] = &objects.events_written[..] else {
        panic!("{:?} {log}", objects.events_written)
    };
    let (of_pod, of_owner) =
        if of_pod["involvedObject"]["kind"] == "Pod" { (of_pod, of_owner) } else { (of_owner, of_pod) };
    assert_eq!(facts(of_pod), ["Normal", "Drained", "Pod", "web-0"]);
    assert_eq!(facts(of_owner), ["Normal", "Drained", "ReplicaSet", "web-5d8f"]);
    assert_eq!(of_pod["involvedObject"]["uid"], UID);
    let message = std::fs::read_to_string(&message).expect("a termination message");
    let line = message.lines().next().and_then(|line| line.strip_prefix("lameduck: ")).expect("a line");
    assert_eq!(of_pod["message"], line);
    assert_eq!(of_owner["message"], format!("pod web-0: {line}"));
    assert!(log.contains("told in Events on=Pod web-0, ReplicaSet web-5d8f"), "{log}");
    let asked: Vec<&String> =
        objects.asked.iter().filter(|asked| !asked.contains("/endpointslices")).collect();
    assert_eq!(asked.len(), 3, "one GET and two POSTs: {asked:?}");
}

fn alone() {
    let api = api();
    let (_, log) = Pod::new(gunicorn(), &api, &[&ON[..], &["--withdrawal", "off"]].concat()).stopped(|_| ());
    let objects = api.objects();
    assert_eq!(objects.events_written.len(), 1, "{log}");
    assert_eq!(facts(&objects.events_written[0]), ["Normal", "Drained", "Pod", "web-0"]);
    assert_eq!(objects.asked.len(), 1, "{:?}", objects.asked);
    assert!(log.contains("(its owner has one, too, with --own-pod read) on=Pod web-0"), "{log}");
}

fn cut_short() {
    let api = api();
    let pod = Pod::new(gunicorn(), &api, &[&ON[..], &["--lame-duck", "50s"]].concat());
    let (report, log) = pod.stopped(|server| {
        wait_for("the drain", || server.log().contains("stop signal: draining").then_some(()));
        server.signal(libc::SIGTERM);
    });
    assert_eq!(report["outcome"], "skipped", "{log}");
    assert_eq!(facts(&api.objects().events_written[0]), ["Warning", "DrainSkipped", "Pod", "web-0"]);
}

fn died() {
    let api = api();
    let (mut server, report) =
        Pod::new(gunicorn(), &api, &[&ON[..], &["--lame-duck", "50s"]].concat()).start();
    server.signal(libc::SIGTERM);
    wait_for("the drain", || server.log().contains("withdrawn: no Service").then_some(()));
    let master = server.processes().into_iter().find(|pid| process::parent(*pid) == Some(server.pid()));
    process::kill(master.expect("gunicorn"), libc::SIGKILL);
    assert_eq!(server.wait(PATIENCE * 2).code(), Some(128 + libc::SIGKILL));
    assert_eq!(read(&report)["outcome"], "server-exited");
    let objects = api.objects();
    assert_eq!(facts(&objects.events_written[0]), ["Warning", "ServerExited", "Pod", "web-0"]);
}

/// And the drain is as without.
fn are_not_written(fault: Fault, what: &str) {
    let api = api();
    api.objects().faults_of_events.extend([fault; 2]);
    let (report, log) = Pod::new(gunicorn(), &api, &[ON, READ].concat()).stopped(|_| ());
    assert_eq!((&report["outcome"], &report["exit_status"]), (&"drained".into(), &0.into()), "{log}");
    let said: Vec<&str> = log.lines().filter(|line| line.contains(WITHOUT)).collect();
    assert!(said.len() == 1 && said[0].contains(what), "{what}: {log}");
    assert!(!log.contains("lameduck: error") && !log.contains("panicked"), "{log}");
    assert_eq!(api.asked(|one| one.ends_with("/events")), 2, "{:?}", api.objects().asked);
    assert_eq!(api.objects().events_written.len(), 0);
}

/// Before this API server, and ended with the server.
fn hooked(verb: &str, api: &ApiServer, server: &Server) -> Command {
    let mut hook = lameduck();
    let mark = process::environment(server.pid(), Mark::NAME).expect("the server's mark");
    hook.args([verb, "--withdrawal", "off", "--lame-duck", "0"]).args(ON);
    hook.arg("--service-account").arg(service_account("shop"));
    hook.env("KUBERNETES_SERVICE_HOST", api.address.ip().to_string());
    hook.env("KUBERNETES_SERVICE_PORT", api.address.port().to_string());
    hook.envs([("LAMEDUCK_POD_NAME", "web-0"), ("LAMEDUCK_POD_UID", UID), ("LAMEDUCK_TIMEOUT", "50s")]);
    hook.env(Mark::NAME, mark).stdin(Stdio::null()).stdout(Stdio::null());
    hook
}

/// Process 1 would take the other process with it.
fn hook() {
    let (api, server) = (api(), gunicorn().start());
    let mut hook = hooked("wait", &api, &server);
    let output = hook.args(["--pid", &server.pid().to_string()]).output().expect("the hook");
    assert_eq!(output.status.code(), Some(0), "{output:?} {}", server.log());
    let written = std::mem::take(&mut api.objects().events_written);
    assert_eq!(written.len(), 1, "{}", server.log());
    assert_eq!(facts(&written[0]), ["Normal", "Drained", "Pod", "web-0"]);
    let mut server = server;
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
}

fn sidecar() {
    let (api, mut server) = (api(), gunicorn().start());
    let http = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let mut sidecar = hooked("sidecar", &api, &server);
    sidecar.args(["--port", &server.address().port().to_string(), "--http", &http.to_string()]);
    let mut sidecar = sidecar.stderr(Stdio::null()).spawn().expect("a sidecar");
    let mut call = wait_for("the sidecar", || TcpStream::connect(http).ok());
    call.write_all(b"GET /drain HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n").expect("a request");
    let mut answer = String::new();
    call.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    wait_for("the Event", || (api.objects().events_written.len() == 1).then_some(()));
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    process::kill(sidecar.id(), libc::SIGTERM);
    assert_eq!(end_of(&mut sidecar).code(), Some(0));
    let written = &api.objects().events_written;
    assert_eq!(written.len(), 1, "once");
    assert_eq!(facts(&written[0]), ["Normal", "Drained", "Pod", "web-0"]);
}
