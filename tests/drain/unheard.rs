//! Nobody reads standard error: a pipe that is full, or none at all. The drain is the same, and the report says so.
use crate::stop::KINDS;
use crate::support::load::{plan, until_gone};
use crate::support::python;
use crate::support::server::Builder;
use crate::support::trial::trial;
use libtest_mimic::Trial;
use serde_json::Value;
use std::fs;

/// Takes a pipe's default capacity (pipe(7)) of bytes, and its reader, which never reads.
const FULL: &str =
    "rm -f \"$0\"; mkfifo \"$0\"; exec 3<>\"$0\"; rm \"$0\"; head -c 65536 /dev/zero >&3; exec \"$@\" 2>&3";
const CLOSED: &str = "exec \"$@\" 2>&-";

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_standard_error_that_is_full_holds_up_no_drain", &Ok(()), || unheard("full", FULL)),
        trial("a_standard_error_that_is_closed_ends_no_drain", &Ok(()), || unheard("closed", CLOSED)),
    ]
}

fn unheard(name: &str, stderr: &str) {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory under target/");
    let file = |file: &str| place.path().join(file).to_str().expect("UTF-8").to_owned();
    let (pipe, report, log) = (file("pipe"), file("report"), file("log"));
    // gunicorn would wait for the reader.
    let words = ["sh", "-c", stderr, &pipe, env!("CARGO_BIN_EXE_lameduck"), "run", "--report", &report, "--"];
    let port = crate::support::ports::free_port();
    let bind = format!("127.0.0.1:{port}");
    let args = ["--no-control-socket", "--chdir", python::SERVERS, "--bind", &bind, "--workers", "2"];
    let args = [&args[..], &["--error-logfile", &log, "app:application"]].concat();
    let mut server = Builder::new(port, python::program("gunicorn"), args).booted().under(&words).start();
    let plan = plan(&server, KINDS[0].rate);
    let result = until_gone(&mut server, plan, KINDS[0].backlog, |server| server.signal(libc::SIGTERM));
    let tally = &result.tally;
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{name}: {tally:?}");
    assert_eq!(result.status.code(), Some(0), "{name}");
    let report: Value = serde_json::from_slice(&fs::read(&report).expect("a report")).expect("JSON");
    assert_eq!((&report["outcome"], &report["gate"]), (&"drained".into(), &"divert".into()), "{report}");
    assert!(!server.log().contains("lameduck:"), "{name}: somebody read it: {}", server.log());
}
