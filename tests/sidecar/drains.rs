//! New connections, across the hook and the stop that follows it, beside a server whose processes are not seen.
use crate::beside::{Sidecar, answer};
use crate::support::load::{plan, until_gone};
use crate::support::namespaces::{permitted, unshare};
use crate::support::process;
use crate::support::runner::runs;
use crate::support::server::Server;
use crate::support::trial::trial;
use lameduck::load::Tally;
use libtest_mimic::Trial;
use std::thread::{JoinHandle, spawn};

pub const SERVED: &str = "nobody was waiting any more when the server was stopped\n";
/// A container whose pod does not share its processes.
const CONTAINER: [&str; 4] = ["unshare", "--pid", "--fork", "--mount-proc"];

pub fn trials() -> Vec<Trial> {
    let needs = if rustix::process::geteuid().is_root() {
        permitted(unshare(&CONTAINER[1..]).arg("true"))
    } else {
        Err("a namespace of its own for a process of the same user needs root".to_owned())
    };
    vec![
        trial("a_server_with_so_reuseport_loses_nobody", &needs, reuse_port),
        trial("a_server_that_cannot_be_gated_is_waited_for_and_the_report_says_so", &needs, no_gate),
    ]
}

/// What the kubelet does: asks for the drain, and stops the server when it has the answer.
pub fn drain_then_stop(sidecar: &Sidecar, server: &Server) -> JoinHandle<(u16, String)> {
    let (call, pid) = (sidecar.call("/drain", ""), server.pid());
    spawn(move || {
        let answer = answer(call);
        process::kill(pid, libc::SIGTERM);
        answer
    })
}

/// # Panics
/// When somebody was lost, or nobody was late.
pub fn nobody_is_lost(tally: &Tally) {
    let others = (tally.lost, tally.unanswered_after_close, tally.other_answers, tally.not_tried);
    assert_eq!(others, (0, 0, 0, 0), "{tally:?}");
    assert!(tally.answered > 0 && tally.answered_late > 0, "the stop was not under load: {tally:?}");
}

fn reuse_port() {
    for run in 1..=runs() {
        let mut server = Server::gunicorn("sync", &["--workers", "2", "--reuse-port"]).start();
        let sidecar = Sidecar::under(&CONTAINER, server.address().port(), &[]);
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
        assert!(log.contains("gate=divert capture=none"), "without the gate this is luck: {log}");
        assert_eq!(sidecar.stop(), Some(0));
    }
}

/// It has not set SO_REUSEPORT, and nothing of it is seen.
fn no_gate() {
    let server = Server::gunicorn("sync", &["--workers", "2"]).start();
    let options = ["--gate", "divert", "--settle", "300ms"];
    let sidecar = Sidecar::under(&CONTAINER, server.address().port(), &options);
    assert_eq!(sidecar.get("/drain"), (200, SERVED.to_owned()));
    let log = sidecar.log();
    assert!(log.contains("gate=none") && log.contains("has no group that could be joined"), "{log}");
    assert_eq!(server.get("/"), "ok");
}
