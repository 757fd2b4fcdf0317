//! Whatever keeps the hook from its work is told by the hook itself, with status 125.
use crate::hook::said;
use crate::support::server::Server;
use crate::support::trial::trial;
use crate::support::{finish, lameduck};
use libtest_mimic::Trial;
use std::process::{Command, Stdio};

pub fn trials() -> Vec<Trial> {
    let root = if rustix::process::geteuid().is_root() {
        Ok(())
    } else {
        Err("becoming another user needs root".to_owned())
    };
    let test = |name, test: fn()| trial(name, &Ok(()), test);
    vec![
        test("without_a_server_there_is_nothing_to_wait_for", no_server),
        test("a_process_that_is_not_there_is_told", no_process),
        test("what_only_the_servers_parent_can_do_is_refused", not_a_parent),
        trial("a_server_of_another_user_is_told", &root, another_user),
    ]
}

fn wait(options: &[&str]) -> String {
    said(&finish(lameduck().arg("wait").args(options)), 125)
}

fn no_server() {
    let mut idle = Command::new("cat").stdin(Stdio::piped()).spawn().expect("cat");
    let pid = idle.id().to_string();
    let nobody = "lameduck: no process of this container listens: is the hook in the server's own container, and the \
                  server up? (--pid names another server)\n";
    assert_eq!(wait(&["--pid", &pid]), nobody);
    assert!(wait(&["--pid", &pid, "--port", "1,2"]).contains("listens at port 1, 2: "));
    drop(idle.stdin.take());
    idle.wait().expect("our own child");
}

fn no_process() {
    // One more than can be: PID_MAX_LIMIT in include/linux/threads.h is 2^22.
    assert_eq!(wait(&["--pid", "4194305"]), "lameduck: --pid 4194305: there is no such process\n");
}

fn not_a_parent() {
    let refused = |what: &str| {
        format!("lameduck: {what} needs a server that lameduck starts: use `lameduck run`, or leave it out\n")
    };
    assert_eq!(wait(&["--listen", "127.0.0.1:8000"]), refused("--listen"));
    assert_eq!(wait(&["--capture", "bind"]), refused("--capture bind or listen"));
}

fn another_user() {
    let server = Server::gunicorn("sync", &["--workers", "1"]).start();
    let mut hook = Command::new("setpriv");
    hook.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", env!("CARGO_BIN_EXE_lameduck")]);
    hook.args(["wait", "--pid", &server.pid().to_string()]);
    let words = said(&finish(&mut hook), 125);
    assert!(words.contains("they are another user's; run the hook as the server's user"), "{words}");
}
