//! New connections, across the hook and the stop that follows it.
use crate::beside::{Sidecar, answer};
use crate::support::load::{plan, until_gone};
use crate::support::process;
use crate::support::runner::runs;
use crate::support::server::Server;
use crate::support::trial::trial;
use libtest_mimic::Trial;

pub const SERVED: &str = "nobody was waiting any more when the server was stopped\n";

pub fn trials(privileges: &Result<(), String>) -> Vec<Trial> {
    vec![
        trial("a_server_with_so_reuseport_loses_nobody", &Ok(()), reuse_port),
        trial("a_server_that_cannot_be_gated_is_waited_for_and_the_report_says_so", privileges, no_gate),
    ]
}

fn reuse_port() {
    for run in 1..=runs() {
        let mut server = Server::gunicorn("sync", &["--workers", "2", "--reuse-port"]).start();
        let sidecar = Sidecar::beside(&server, &[]);
        let mut hook = None;
        let plan = plan(&server, 90.0);
        let result = until_gone(&mut server, plan, 60, |server| {
            let (call, pid) = (sidecar.call("/drain", ""), server.pid());
            hook = Some(std::thread::spawn(move || {
                let answer = answer(call);
                process::kill(pid, libc::SIGTERM);
                answer
            }));
        });
        println!("run {run}: {:?}", result.tally);
        let told = hook.expect("the hook").join().expect("its answer");
        assert_eq!(told, (200, SERVED.to_owned()), "{}", sidecar.log());
        let tally = &result.tally;
        assert_eq!((tally.lost, tally.other_answers, tally.not_tried), (0, 0, 0), "{tally:?}");
        assert!(tally.answered > 0 && tally.answered_late > 0, "the stop was not under load: {tally:?}");
        assert_eq!(result.status.code(), Some(0));
        assert!(sidecar.log().contains("gate=divert"), "without the gate this is luck: {}", sidecar.log());
        assert_eq!(sidecar.stop(), Some(0));
    }
}

/// Its user has no capability, and it has not set SO_REUSEPORT.
fn no_gate() {
    let server = Server::gunicorn("sync", &["--workers", "2"]).unprivileged().start();
    let sidecar = Sidecar::beside(&server, &["--gate", "divert", "--settle", "300ms"]);
    assert_eq!(sidecar.get("/drain"), (200, SERVED.to_owned()));
    let log = sidecar.log();
    assert!(log.contains("gate=none") && log.contains("has no group that could be joined"), "{log}");
    assert_eq!(server.get("/"), "ok");
}
