//! Beside a server whose processes are seen (shareProcessNamespace): what may be duplicated is gated and parked as in its own
//! container.
use crate::beside::Sidecar;
use crate::drains::{SERVED, drain_then_stop, nobody_is_lost};
use crate::support::control_group::ControlGroup;
use crate::support::load::{kept_alive_until_gone, plan, until_gone};
use crate::support::runner::runs;
use crate::support::server::{Builder, Server};
use crate::support::servers::Kind;
use crate::support::trial::trial;
use crate::support::{PATIENCE, process, wait_for};
use libtest_mimic::Trial;
use std::time::Duration;

/// A user without any capability: the server's, where that is unprivileged, or another.
const NOBODY: &str = "65534";
const SOMEBODY: &str = "65533";

pub fn trials(privileges: &Result<(), String>) -> Vec<Trial> {
    let sync = || Server::gunicorn("sync", &["--workers", "2"]);
    vec![
        trial("a_server_whose_processes_are_seen_loses_nobody", &Ok(()), move || {
            loses_nobody(sync, &["env"]);
        }),
        trial("under_its_user_id_alone_it_loses_nobody", privileges, move || {
            loses_nobody(move || sync().unprivileged(), &as_user(NOBODY));
        }),
        trial("its_kept_alive_clients_are_parked_and_none_is_lost", &Ok(()), kept_alive),
        trial("as_another_user_nothing_is_held_and_the_report_says_so", privileges, another_user),
        trial("a_server_that_nobody_stops_is_left_as_it_was", &Ok(()), released),
        trial("all_of_the_servers_container_is_the_servers", &ControlGroup::permitted(), container),
    ]
}

fn as_user(id: &'static str) -> Vec<&'static str> {
    let privileges = ["--clear-groups", "--no-new-privs", "--bounding-set", "-all"];
    [&["setpriv", "--reuid", id, "--regid", id], &privileges[..]].concat()
}

fn loses_nobody(builder: impl Fn() -> Builder, wrapper: &[&str]) {
    for run in 1..=runs() {
        let mut server = builder().start();
        let sidecar = Sidecar::under(wrapper, server.address().port(), &[]);
        let mut hook = None;
        let plan = plan(&server, 90.0);
        let result = until_gone(&mut server, plan, 60, |server| {
            hook = Some(drain_then_stop(&sidecar, server));
        });
        println!("run {run}: {:?}", result.tally);
        let told = hook.expect("the hook").join().expect("its answer");
        assert_eq!(told, (200, SERVED.to_owned()), "{}", sidecar.log());
        nobody_is_lost(&result.tally);
        assert_eq!(result.status.code(), Some(0));
        let log = sidecar.log();
        assert!(log.contains("gate=divert capture=getfd"), "without the gate this is luck: {log}");
        // Our duplicates do not keep it: what it ends with is that no process of the server has its listener.
        wait_for("the end of the drain", || {
            sidecar.get("/readyz").1.contains("does not listen").then_some(())
        });
        assert_eq!(sidecar.stop(), Some(0));
    }
}

fn kept_alive() {
    const CLIENTS: usize = 40;
    for run in 1..=runs() {
        let mut server = Kind::Uvicorn.builder().start();
        let report = tempfile::NamedTempFile::new().expect("a file");
        let sidecar = Sidecar::beside(&server, &["--report", report.path().to_str().expect("UTF-8")]);
        let mut hook = None;
        let tally = kept_alive_until_gone(&mut server, CLIENTS, Duration::from_micros(200), |server| {
            hook = Some(drain_then_stop(&sidecar, server));
        });
        let told = hook.expect("the hook").join().expect("its answer");
        assert_eq!(told, (200, SERVED.to_owned()), "{}", sidecar.log());
        println!("run {run}: {tally:?}");
        nobody_is_lost(&tally);
        let written =
            || serde_json::from_slice::<serde_json::Value>(&std::fs::read(report.path()).ok()?).ok();
        let report = wait_for("the report", written);
        assert!(report["park"]["parked"].as_u64() > Some(0), "{report}");
        assert_eq!((&report["gate"], &report["capture"]), (&"divert".into(), &"getfd".into()), "{report}");
        assert_eq!(sidecar.stop(), Some(0));
    }
}

/// Neither has a capability: what would need one is not there.
fn another_user() {
    let server = Server::gunicorn("sync", &["--workers", "2"]).unprivileged().start();
    let options = ["--gate", "divert", "--settle", "300ms"];
    let sidecar = Sidecar::under(&as_user(SOMEBODY), server.address().port(), &options);
    assert_eq!(sidecar.get("/drain"), (200, SERVED.to_owned()));
    let log = sidecar.log();
    assert!(
        log.contains("gate=none capture=none") && log.contains("has no group that could be joined"),
        "{log}"
    );
    assert_eq!(server.get("/"), "ok");
}

/// The hook has returned, and the kubelet was restarted: it does not know any more that it has called it.
fn released() {
    let mut server = Server::gunicorn("gthread", &["--workers", "1"]).start();
    let sidecar = Sidecar::beside(&server, &["--release-after", "1s"]);
    assert_eq!(sidecar.get("/drain").0, 200);
    wait_for("the end of the drain", || (sidecar.get("/readyz").0 == 200).then_some(()));
    assert!(sidecar.log().contains("nobody has stopped the server"), "{}", sidecar.log());
    assert_eq!(server.get("/"), "ok");
    // When: stopped later. Then it goes by itself, for nobody holds anything of it.
    process::kill(server.pid(), libc::SIGTERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    assert_eq!(sidecar.get("/readyz").0, 503);
}

/// Beside its master and two workers, who hold the listener, there is one who does not, and whose parent is none of them.
fn container() {
    let group = ControlGroup::new().expect("a control group");
    let wrapper = group.wrapper();
    let orphan = ["sh", "-c", "(sleep 600 &) ; exec \"$@\"", "sh"];
    let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).chain(orphan).collect();
    let server = Server::gunicorn("sync", &["--workers", "2"]).under(&wrapper).start();
    let sidecar = Sidecar::beside(&server, &[]);
    assert_eq!(sidecar.get("/drain"), (200, SERVED.to_owned()));
    assert!(sidecar.log().contains("processes=4"), "{}", sidecar.log());
}
