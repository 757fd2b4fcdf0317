//! No room for what is said about a drain: that is said, and half of it is not left behind.
use crate::faults::own_mounts::{fill, permitted, with_a_disk};
use crate::stop::KINDS;
use crate::support::PATIENCE;
use crate::support::load::{plan, until_gone};
use crate::support::server::Server;
use crate::support::trial::trial;
use libtest_mimic::Trial;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// The disk's, of which one holds the filling.
const PAGES: usize = 2;
/// So many make a report that is longer than the page that is left.
const LISTENERS: usize = 100;

pub fn trials() -> Vec<Trial> {
    let needs = permitted();
    vec![
        trial("a_full_disk_ends_no_drain_and_costs_nobody", &needs, full),
        trial("a_report_that_does_not_fit_on_the_disk_is_not_half_there", &needs, fits_in_part),
    ]
}

fn place() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory under target/")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn full() {
    let place = place();
    with_a_disk(place.path(), PAGES, || {
        let (report, message) = (place.path().join("report"), place.path().join("message"));
        fs::write(&message, "").unwrap();
        fill(place.path(), PAGES);
        let options = ["--report", text(&report), "--termination-log", text(&message)];
        let mut server = KINDS[0].gunicorn().under_lameduck(&options).start();
        let plan = plan(&server, KINDS[0].rate);
        let result = until_gone(&mut server, plan, KINDS[0].backlog, |server| server.signal(libc::SIGTERM));
        let tally = &result.tally;
        assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
        assert_eq!(result.status.code(), Some(0));
        let log = server.log();
        assert!(log.contains("outcome=drained gate=divert"), "{log}");
        for what in ["the report (--report)", "the termination message (--termination-log)"] {
            let said = log.lines().filter(|line| line.contains(&format!("cannot write {what}")));
            assert_eq!(said.filter(|line| line.contains("No space left")).count(), 1, "{what}: {log}");
        }
        assert_eq!(fs::metadata(message).unwrap().len(), 0);
    });
}

fn fits_in_part() {
    let place = place();
    with_a_disk(place.path(), PAGES, || {
        let report = place.path().join("report");
        fill(place.path(), PAGES - 1);
        let binds = ["--bind", "127.0.0.1:0"].repeat(LISTENERS);
        let args = [&["--workers", "1"], &binds[..]].concat();
        let mut server = Server::gunicorn("sync", &args).under_lameduck(&["--report", text(&report)]).start();
        server.get("/");
        server.signal(libc::SIGTERM);
        assert_eq!(server.wait(PATIENCE).code(), Some(0));
        let log = server.log();
        assert!(log.contains("cannot write the report (--report)"), "{log}");
        assert_eq!(fs::metadata(report).unwrap().len(), 0, "what is there of it is no JSON");
    });
}
