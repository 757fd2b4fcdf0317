//! In a pod whose containers share their processes (shareProcessNamespace), told apart by their control groups; and a hook in a
//! container that has nothing but lameduck.
use crate::container::{CONTAINER, first_of, needs};
use crate::hook::{call_then_stop, marked, said, status_now};
use crate::support::control_group::ControlGroup;
use crate::support::process::Mark;
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::{PATIENCE, python, wait_for};
use libtest_mimic::Trial;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const DRAINED: &str = "lameduck: nobody was waiting any more when the server was stopped\n";
const SOMEBODY: &str = "65533";

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "in_a_pod_that_shares_its_processes_the_own_container_is_drained",
            &ControlGroup::permitted(),
            own_container,
        ),
        trial("in_a_container_without_a_shell_or_libraries_of_its_own_it_works", &needs(), distroless),
        trial(
            "as_another_user_named_ports_are_waited_for_without_a_gate",
            &python::usable_by_others(),
            another_user,
        ),
    ]
}

fn strs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// Two containers, and the hook in the first.
fn own_container() {
    let groups = [(); 2].map(|()| ControlGroup::new().expect("a control group"));
    let wrappers = groups.each_ref().map(ControlGroup::wrapper);
    let [mut own, other] = wrappers
        .each_ref()
        .map(|wrapper| Server::gunicorn("sync", &["--workers", "2"]).under(&strs(wrapper)).start());
    let mut hook = Command::new("sh");
    hook.args(&wrappers[0][1..]).args([env!("CARGO_BIN_EXE_lameduck"), "wait"]);
    let mut hook = marked(hook, &own);
    said(&hook.output().expect("the hook"), 0);
    assert_eq!((status_now(&own), status_now(&other)), (503, 200));
    assert!(own.log().contains("gate=divert"), "{}", own.log());
    own.signal(libc::SIGTERM);
    assert_eq!(own.wait(PATIENCE).code(), Some(0));
    assert_eq!(other.get("/"), "ok");
}

/// The program, what it is linked with, and /proc.
fn distroless() {
    let server = Server::gunicorn("sync", &["--workers", "2"]).under(&CONTAINER).start();
    let program = env!("CARGO_BIN_EXE_lameduck");
    let root = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory under target/");
    let linked = Command::new("ldd").arg(program).output().expect("ldd (libc-bin)");
    let linked = String::from_utf8(linked.stdout).expect("paths");
    for file in linked.split_whitespace().filter(|word| word.starts_with('/')).chain([program]) {
        let to = if file == program { root.path().join("lameduck") } else { root.path().join(&file[1..]) };
        fs::create_dir_all(to.parent().expect("a directory"))
            .and_then(|()| fs::copy(file, to))
            .expect("a copy");
    }
    fs::create_dir(root.path().join("proc")).expect("a directory under target/");
    let first = first_of(&server);
    let script =
        format!("mount -t proc proc {0}/proc && exec chroot {0} /lameduck wait", root.path().display());
    let mut hook = Command::new("nsenter");
    hook.args(["--target", &first.to_string(), "--pid", "--", "unshare", "--mount", "sh", "-c", &script]);
    let call = call_then_stop(marked(hook, &server), first);
    let mut server = server;
    server.wait(PATIENCE);
    assert_eq!(said(&call.join().expect("the hook"), 0), DRAINED);
    assert!(server.log().contains("gate=divert"), "{}", server.log());
}

/// Neither has a capability.
fn another_user() {
    let server = Server::gunicorn("sync", &["--workers", "2"]).unprivileged().start();
    let mark = Mark::new();
    let directory = tempfile::tempdir().expect("a directory");
    fs::set_permissions(directory.path(), Permissions::from_mode(0o1777)).expect("our own directory");
    let report = directory.path().join("report");
    let port = server.address().port().to_string();
    let mut hook = Command::new("setpriv");
    hook.args([
        "--reuid",
        SOMEBODY,
        "--regid",
        SOMEBODY,
        "--clear-groups",
        "--no-new-privs",
        "--bounding-set",
        "-all",
    ]);
    hook.args([env!("CARGO_BIN_EXE_lameduck"), "wait", "--pid", &server.pid().to_string(), "--port", &port]);
    hook.args(["--gate", "divert", "--release-after", "1s", "--report"]).arg(&report);
    let output = hook.env(Mark::NAME, mark.value()).output().expect("the hook");
    let words = said(&output, 0);
    assert!(words.contains("cannot write to the container's log") && words.ends_with(DRAINED), "{words}");
    let report = wait_for("the report", || read(&report));
    assert_eq!((&report["gate"], &report["capture"]), (&"none".into(), &"none".into()), "{report}");
    assert!(
        report["gate_reason"]
            .as_str()
            .is_some_and(|why| why.contains("no process of the server that holds it can be seen")),
        "{report}"
    );
    assert_eq!(server.get("/"), "ok");
}

fn read(report: &Path) -> Option<serde_json::Value> {
    serde_json::from_slice(&fs::read(report).ok()?).ok()
}
