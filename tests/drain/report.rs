//! What is said about a drain.
use crate::stop::KINDS;
use crate::support::halves::{answer, half_a_request};
use crate::support::load::{plan, until_gone};
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::{PATIENCE, wait_for};
use libtest_mimic::Trial;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("the_report_counts_what_the_clients_saw", &Ok(()), counts),
        trial("who_is_answered_to_the_end_is_not_counted_as_cut", &Ok(()), not_cut),
        trial("a_report_that_cannot_be_written_ends_no_drain", &Ok(()), unwritable),
        trial("a_report_into_a_pipe_that_nobody_reads_keeps_nobody_waiting", &Ok(()), unread),
    ]
}

fn counts() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{}.json", std::process::id()));
    let mut server = KINDS[0]
        .gunicorn()
        .under_lameduck(&["--report", file.to_str().unwrap(), "--log-format", "json"])
        .start();
    let plan = plan(&server, KINDS[0].rate);
    let result = until_gone(&mut server, plan, KINDS[0].backlog, |server| server.signal(libc::SIGTERM));
    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(report["outcome"], "drained");
    assert_eq!(report["gate"], "divert");
    assert_eq!(report["late_arrivals"]["answered"], result.tally.answered_late);
    assert_eq!(report["left_behind"]["unanswered"], 0);
    assert_eq!(report["queue"]["at_forward"], 0);
    assert!(report["queue"]["at_stop"].as_u64().unwrap() > 30, "{report}");
    assert_eq!((&report["signal_in"], &report["signal_out"]), (&"TERM".into(), &"TERM".into()));
    assert_eq!(report["exit_status"], 0);
    for phase in ["lame_duck_ms", "gated_ms", "stopping_ms", "closing_ms"] {
        assert!(report[phase].is_u64(), "{phase}: {report}");
    }
    let ours = |line: &&str| line.starts_with('{');
    let log = server.log();
    assert!(log.lines().filter(ours).count() >= 4, "{log}");
    for line in log.lines().filter(ours) {
        let _: Value = serde_json::from_str(line).unwrap();
    }
}

/// Its connection ends in the instant in which nobody is left.
fn not_cut() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let options = ["--report", file.path().to_str().unwrap()];
    let mut server =
        Server::gunicorn("gthread", &["--workers", "1", "--threads", "2"]).under_lameduck(&options).start();
    let client = half_a_request(("127.0.0.1", server.address().port()));
    server.signal(libc::SIGTERM);
    wait_for("the gate", || server.log().contains("gate closed").then_some(()));
    assert!(answer(client).starts_with("HTTP/1.1 200 "));
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    let report: Value = serde_json::from_slice(&std::fs::read(file.path()).unwrap()).unwrap();
    assert_eq!((&report["outcome"], &report["park"]["cut"]), (&"drained".into(), &0.into()), "{report}");
}

fn unwritable() {
    let mut server =
        KINDS[0].gunicorn().under_lameduck(&["--report", "/no/such/directory/report.json"]).start();
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(crate::support::PATIENCE).code(), Some(0));
    assert!(server.log().contains("cannot write the report"), "{}", server.log());
}

fn unread() {
    let pipe = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{}.pipe", std::process::id()));
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let mut server = KINDS[0].gunicorn().under_lameduck(&["--report", pipe.to_str().unwrap()]).start();
    server.signal(libc::SIGTERM);
    let status = server.wait(PATIENCE);
    std::fs::remove_file(&pipe).unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(server.log().contains("cannot write the report"), "{}", server.log());
}
