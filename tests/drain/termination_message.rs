//! What Kubernetes shows of a drain when the container is gone.
use crate::support::namespaces::{permitted, unshare};
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::{PATIENCE, finish};
use libtest_mimic::Trial;
use serde_json::Value;
use std::fs;
use std::process::Command;
use tempfile::NamedTempFile;

/// What the kubelet shows at most, bytes.
const SHOWN: usize = 4096;

pub fn trials() -> Vec<Trial> {
    let test = |name, test: fn()| trial(name, &Ok(()), test);
    vec![
        test("the_termination_message_is_a_line_and_the_report", a_line_and_the_report),
        test("the_termination_message_of_a_hundred_listeners_is_whole_json", a_hundred_listeners),
        test("a_termination_message_of_the_server_s_own_stays", the_server_s_own),
        test("without_a_drain_there_is_no_termination_message", no_drain),
        test("a_termination_log_that_is_not_there_is_told", not_there),
        trial(
            "in_a_container_the_termination_message_is_where_kubernetes_looks",
            &permitted(&mut in_a_dev_of_its_own("")),
            by_itself,
        ),
    ]
}

fn a_line_and_the_report() {
    let (file, report) = (NamedTempFile::new().unwrap(), NamedTempFile::new().unwrap());
    let path = |file: &NamedTempFile| file.path().to_str().unwrap().to_owned();
    stop(&["--termination-log", &path(&file), "--report", &path(&report)], &[]);
    let message = fs::read_to_string(&file).unwrap();
    let (line, json) = message.split_once('\n').expect("two lines");
    assert!(
        line.starts_with("lameduck: nobody was waiting any more when the server was stopped (drained, "),
        "{line}"
    );
    assert!(
        line.ends_with("; answered by lameduck 0, relayed 0, left unanswered 0; exit status 0"),
        "{line}"
    );
    let report: Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(json).unwrap(), report);
}

fn a_hundred_listeners() {
    let file = NamedTempFile::new().unwrap();
    let binds = ["--bind", "127.0.0.1:0"].repeat(100);
    stop(&["--termination-log", file.path().to_str().unwrap()], &binds);
    let message = fs::read_to_string(&file).unwrap();
    assert!(message.len() <= SHOWN, "{}", message.len());
    let json: Value =
        serde_json::from_str(message.split_once('\n').expect("two lines").1).expect("whole JSON");
    assert_eq!((&json["outcome"], &json["sockets"]), (&"drained".into(), &Value::Null));
}

fn the_server_s_own() {
    let file = NamedTempFile::new().unwrap();
    fs::write(&file, "the database is gone\n").unwrap();
    stop(&["--termination-log", file.path().to_str().unwrap()], &[]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "the database is gone\n");
}

/// `terminationMessagePolicy: FallbackToLogsOnError` shows the log of a crash where the message is empty.
fn no_drain() {
    let file = NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let mut lameduck = crate::support::lameduck();
    let output = finish(lameduck.args(["run", "--termination-log", path, "--", "sh", "-c", "exit 3"]));
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(fs::read_to_string(&file).unwrap(), "");
}

fn not_there() {
    let log = stop(&["--termination-log", "/no/such/file"], &[]);
    assert_eq!(log.matches("cannot write the termination message (--termination-log)").count(), 1, "{log}");
}

/// Stops a gunicorn under lameduck with these options, and gives the log.
fn stop(options: &[&str], more: &[&str]) -> String {
    let args = [&["--workers", "1"], more].concat();
    let mut server = Server::gunicorn("sync", &args).under_lameduck(options).start();
    server.get("/");
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0));
    server.log()
}

/// A /dev that has the file which the kubelet mounts, and what programs need.
const DEV: &str = "\
set -e
dev=$(mktemp -d)
mount --rbind /dev \"$dev\"
mount -t tmpfs none /dev
for name in null urandom; do touch /dev/$name; mount --bind \"$dev/$name\" /dev/$name; done
umount -l \"$dev\"
rmdir \"$dev\"
touch /dev/termination-log
";

fn in_a_dev_of_its_own(script: &str) -> Command {
    let script = format!("{DEV}{script}");
    unshare(&["--mount", "sh", "-c", &script, env!("CARGO_BIN_EXE_lameduck")])
}

fn by_itself() {
    const SERVER: &str =
        "\"$0\" run --log-level error -- sh -c 'kill -TERM $PPID; exec sleep 60' || test $? = 143
        cat /dev/termination-log";
    let output = finish(&mut in_a_dev_of_its_own(SERVER));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.starts_with("lameduck: ") && said.contains("\"signal_in\":\"TERM\""), "{said} {output:?}");
}
