//! What is said of the hooks, beside a server that is there already, and hooks that are called on it.
use super::{Said, doctor, said};
use crate::faults::refusing;
use crate::support::namespaces::{permitted, unshare};
use crate::support::process::{self, Mark};
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::{finish, lameduck};
use libtest_mimic::Trial;
use serde_json::Value;
use std::fs;
use std::process::{Command, Stdio};

const CONTAINER: [&str; 4] = ["unshare", "--pid", "--fork", "--mount-proc"];
const CRASH: &str = "A server that ends by itself calls no hook: its queue is lost.";

pub fn trials() -> Vec<Trial> {
    let root = if rustix::process::geteuid().is_root() {
        Ok(())
    } else {
        Err("becoming another user and entering namespaces needs root".to_owned())
    };
    let container = root.clone().and_then(|()| permitted(unshare(&CONTAINER[1..]).arg("true")));
    let refuses = container.clone().and_then(|()| refusing_is_permitted());
    let test = |name, test: fn()| trial(name, &Ok(()), test);
    vec![
        test("where_a_hook_may_duplicate_it_promises_the_same_but_for_the_crash", wait_holds),
        test("where_getfd_is_refused_a_hook_has_no_gate", wait_settles),
        test("where_getfd_is_refused_a_hook_joins_a_group", wait_joins),
        trial("in_a_container_a_hook_ends_with_process_1", &container, in_a_container),
        trial("a_server_of_another_user_is_out_of_a_hooks_reach", &root, another_user),
        test("a_server_on_a_unix_socket_is_held_as_any", unix_server),
        test("without_a_server_a_hook_has_nothing_to_be_tried_on", no_server),
        trial("a_sidecar_has_no_gate_where_the_server_has_no_group", &container, sidecar_settles),
        trial("a_sidecar_joins_a_group", &container, sidecar_joins),
        trial("a_sidecar_refuses_where_it_may", &refuses, sidecar_refuses),
        test("a_sidecar_that_sees_the_servers_processes_holds_what_they_have", sidecar_holds),
        test("where_getfd_is_refused_a_sidecar_sees_them_in_vain", sidecar_sees_in_vain),
        test("a_sidecar_has_to_be_told_the_ports", sidecar_without_ports),
        test("what_a_hook_refuses_is_refused_here", refused),
    ]
}

fn server(options: &[&str]) -> Server {
    Server::gunicorn("sync", &[&["--workers", "1"], options].concat()).start()
}

fn of_wait(server: &Server) -> Said {
    doctor(&["--way", "wait", "--pid", &server.pid().to_string(), "--gate", "divert"])
}

impl Said {
    fn sentences(&self) -> Vec<&str> {
        self.0["sentences"].as_array().expect("sentences").iter().filter_map(Value::as_str).collect()
    }
}

/// The hook itself, called on this server, holds and gates it in just that way.
fn is_what_the_hook_shows(page: &Said, server: &Server) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let mut hook = lameduck();
    hook.args(["wait", "--pid", &server.pid().to_string(), "--gate", "divert", "--report"]).arg(file.path());
    let mark = process::environment(server.pid(), Mark::NAME).expect("the server's mark");
    let output = hook.env("LAMEDUCK_TIMEOUT", "50s").env(Mark::NAME, mark).stdin(Stdio::null()).output();
    assert_eq!(output.expect("the hook").status.code(), Some(0));
    let report: Value = serde_json::from_slice(&fs::read(&file).expect("the report")).expect("JSON");
    let (capture, gate, _) = page.plan();
    let socket = &report["sockets"][0];
    assert_eq!((&socket["capture"], &socket["gate"]), (&capture.into(), &gate.into()), "{report}");
}

fn wait_holds() {
    let server = server(&[]);
    let page = of_wait(&server);
    assert_eq!((page.plan(), page.promise()), (("getfd", "divert", true), "full"));
    assert_eq!((page.0["way"].as_str(), page.sentences()[2]), (Some("wait"), CRASH));
    let (state, seen) = page.of("server");
    assert!(state == "ok" && seen.starts_with(&format!("process {} (", server.pid())), "{seen}");
    assert_eq!(page.troubles(), Vec::<&str>::new());
    // Nothing was left: it goes on as before.
    assert_eq!(server.get("/"), "ok");
    is_what_the_hook_shows(&page, &server);
}

fn unix_server() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("app.sock");
    let server = Server::gunicorn_at(&path, "sync", &["--workers", "1"]).start();
    let page = of_wait(&server);
    let (state, seen) = page.of("server");
    assert!(state == "ok" && seen.contains("at unix:/") && seen.contains("were duplicated"), "{seen}");
    refusing(libc::SYS_pidfd_getfd, &[], libc::EPERM, || {
        assert_eq!(of_wait(&server).of("server").0, "missing");
    });
}

fn wait_settles() {
    let server = server(&[]);
    refusing(libc::SYS_pidfd_getfd, &[], libc::EPERM, || {
        let page = of_wait(&server);
        assert_eq!(page.troubles(), ["pidfd_getfd", "server"]);
        assert_eq!((page.plan(), page.promise()), (("none", "none", false), "weaker"));
        assert!(page.of("server").1.ends_with("Operation not permitted (os error 1)"), "{}", page.0);
        assert!(page.sentences()[0].contains("(--settle)"), "{}", page.0);
        is_what_the_hook_shows(&page, &server);
    });
}

fn wait_joins() {
    let server = server(&["--reuse-port"]);
    refusing(libc::SYS_pidfd_getfd, &[], libc::EPERM, || {
        let page = of_wait(&server);
        assert_eq!((page.plan(), page.promise()), (("none", "divert", false), "weaker"));
        assert!(page.sentences()[0].contains("has joined the server's group"), "{}", page.0);
        is_what_the_hook_shows(&page, &server);
    });
}

fn in_a_container() {
    let server = Server::gunicorn("sync", &["--workers", "2"]).under(&CONTAINER).start();
    let is_first = |pid: &u32| process::field(*pid, "NSpid").is_some_and(|numbers| numbers.ends_with("\t1"));
    let first = server.processes().into_iter().find(is_first).expect("a process 1");
    let mut enter = Command::new("nsenter");
    enter.args(["--target", &first.to_string(), "--pid", "--mount", env!("CARGO_BIN_EXE_lameduck")]);
    enter.args(["doctor", "--json", "--way", "wait", "--gate", "divert"]);
    let page = said(&mut enter);
    assert_eq!((page.plan(), page.promise()), (("getfd", "divert", true), "weaker"));
    assert!(page.of("server").1.starts_with("process 1 ("), "{}", page.0);
    assert!(page.of("control groups").1.ends_with("they are the server's"), "{}", page.0);
    assert!(page.sentences()[1].contains("in which the server's first process ends"), "{}", page.0);
}

fn another_user() {
    let server = server(&[]);
    let mut other = Command::new("setpriv");
    other.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", env!("CARGO_BIN_EXE_lameduck")]);
    other.args(["doctor", "--json", "--way", "wait", "--gate", "divert"]);
    let page = said(other.args(["--pid", &server.pid().to_string()]));
    let (state, seen) = page.of("server");
    assert!(state == "weaker" && seen.contains("another user's"), "{seen}");
    other.args(["--port", &server.address().port().to_string()]);
    let page = said(&mut other);
    let (state, seen) = page.of("server");
    assert!(state == "missing" && seen.ends_with("Permission denied (os error 13)"), "{seen}");
    assert_eq!(page.plan(), ("none", "none", false));
    assert_eq!(page.advice("server"), "run the hook as the server's user, or add CAP_SYS_PTRACE");
}

fn no_server() {
    let mut idle = Command::new("cat").stdin(Stdio::piped()).spawn().expect("cat");
    let page = doctor(&["--way", "wait", "--pid", &idle.id().to_string()]);
    let (state, seen) = page.of("server");
    assert!(state == "weaker" && seen.starts_with("no process of this container listens"), "{seen}");
    drop(idle.stdin.take());
    idle.wait().expect("our own child");
}

fn sidecar(server: &Server, gate: &str) -> Vec<String> {
    let port = server.address().port().to_string();
    ["doctor", "--json", "--way", "sidecar", "--gate", gate, "--port", &port].map(str::to_owned).into()
}

/// In a container of its own: it sees its own processes alone.
fn of_sidecar(server: &Server, gate: &str) -> Said {
    let mut container = unshare(&CONTAINER[1..]);
    said(container.arg(env!("CARGO_BIN_EXE_lameduck")).args(sidecar(server, gate)))
}

/// In a pod whose containers share their processes.
fn sidecar_holds() {
    let server = server(&[]);
    let page = said(lameduck().args(sidecar(&server, "divert")));
    assert_eq!((page.plan(), page.promise()), (("getfd", "divert", true), "full"));
    assert!(page.of("server").1.ends_with("its listeners were duplicated, and let go"), "{}", page.0);
    assert_eq!(page.sentences()[2], CRASH);
    assert_eq!(server.get("/"), "ok");
}

fn sidecar_sees_in_vain() {
    let server = server(&[]);
    refusing(libc::SYS_pidfd_getfd, &[], libc::EPERM, || {
        let page = said(lameduck().args(sidecar(&server, "divert")));
        assert_eq!((page.plan(), page.promise()), (("none", "none", false), "weaker"));
        assert!(page.advice("server").contains("pidfd_getfd permitted"), "{}", page.0);
    });
}

fn sidecar_settles() {
    let server = server(&[]);
    let page = of_sidecar(&server, "divert");
    assert_eq!((page.plan(), page.promise()), (("none", "none", false), "weaker"));
    let (state, seen) = page.of("server");
    assert!(state == "weaker" && seen.ends_with("Address already in use (os error 98)"), "{seen}");
    assert!(page.advice("server").contains("SO_REUSEPORT"), "{}", page.0);
    assert_eq!(page.sentences()[2], CRASH);
    assert_eq!(server.get("/"), "ok");
}

fn sidecar_joins() {
    let server = server(&["--reuse-port"]);
    let page = of_sidecar(&server, "divert");
    assert_eq!((page.plan(), page.promise()), (("none", "divert", false), "weaker"));
    assert!(page.of("server").1.ends_with("its group can be joined"), "{}", page.0);
    assert_eq!(server.get("/"), "ok");
}

fn refusing_is_permitted() -> Result<(), String> {
    let page = doctor(&[]);
    let (state, seen) = page.of("gate refuse");
    if state == "ok" { Ok(()) } else { Err(seen.to_owned()) }
}

fn sidecar_refuses() {
    let server = server(&[]);
    let page = of_sidecar(&server, "refuse");
    assert_eq!((page.plan(), page.promise()), (("none", "refuse", false), "weaker"));
    assert!(page.of("server").1.ends_with("its new connections can be refused"), "{}", page.0);
    assert!(page.sentences()[0].starts_with("New connections are refused"), "{}", page.0);
    assert_eq!(server.get("/"), "ok", "and none is");
}

fn sidecar_without_ports() {
    let page = doctor(&["--way", "sidecar"]);
    assert_eq!(page.of("server").0, "missing");
    assert_eq!(page.advice("server"), "name its ports: --port, LAMEDUCK_PORT");
}

fn refused() {
    for (options, what) in [
        (
            &["--way", "wait", "--listen", "127.0.0.1:8000"][..],
            "--listen needs a server that lameduck starts",
        ),
        (&["--pid", "1"], "--pid names the server of a hook: add --way wait"),
    ] {
        let output = finish(lameduck().arg("doctor").args(options));
        assert_eq!(output.status.code(), Some(125));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(what), "{said}");
    }
}
