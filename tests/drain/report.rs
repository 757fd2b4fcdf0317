//! What is said about a drain.
use crate::stop::KINDS;
use crate::support::PATIENCE;
use crate::support::load::{plan, until_gone};
use crate::support::trial::trial;
use libtest_mimic::Trial;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("the_report_counts_what_the_clients_saw", &Ok(()), counts),
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
