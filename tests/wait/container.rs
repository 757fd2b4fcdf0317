//! In a container whose process 1 is the server, called as `kubectl exec` and the kubelet call: into its namespaces, and with
//! no word about which server.
use crate::hook::{call_then_stop, detached, marked, said, status_now, until_none_is_left};
use crate::support::load::plan;
use crate::support::namespaces::{permitted, unshare};
use crate::support::runner::runs;
use crate::support::server::{Builder, Server};
use crate::support::trial::trial;
use crate::support::{PATIENCE, process};
use lameduck::load::{Load, Tally};
use libtest_mimic::Trial;
use std::process::Command;
use std::time::Duration;

pub const CONTAINER: [&str; 4] = ["unshare", "--pid", "--fork", "--mount-proc"];

/// Whether containers can be had here.
///
/// # Errors
/// With what is missing.
pub fn needs() -> Result<(), String> {
    if rustix::process::geteuid().is_root() {
        permitted(unshare(&CONTAINER[1..]).arg("true"))
    } else {
        Err("entering a container's namespaces needs root".to_owned())
    }
}

pub fn trials() -> Vec<Trial> {
    let needs = needs();
    vec![
        trial("in_a_container_the_server_is_found_and_nobody_is_lost", &needs, nobody_is_lost),
        trial("process_1_survives_the_end_of_the_process_that_drains", &needs, process_1_survives),
    ]
}

fn gunicorn() -> Builder {
    Server::gunicorn("sync", &["--workers", "2"]).under(&CONTAINER)
}

/// Process 1 of the container.
pub fn first_of(server: &Server) -> u32 {
    let is_first = |pid: &u32| process::field(*pid, "NSpid").is_some_and(|numbers| numbers.ends_with("\t1"));
    server.processes().into_iter().find(is_first).expect("a process 1")
}

/// It, and the hook in its container, under another program where there is one.
pub fn hook_in(server: &Server, wrapper: &[&str], options: &[&str]) -> (u32, Command) {
    let first = first_of(server);
    let mut enter = Command::new("nsenter");
    enter.args(["--target", &first.to_string(), "--pid", "--mount"]);
    enter.args(wrapper).args([env!("CARGO_BIN_EXE_lameduck"), "wait"]).args(options);
    (first, marked(enter, server))
}

/// As in a pod: by the time that the hook has returned, nobody comes any more.
fn nobody_is_lost() {
    for run in 1..=runs() {
        let mut server = gunicorn().start();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let plan = plan(&server, 90.0);
        let tally = runtime.block_on(async {
            let load = Load::start(plan);
            while load.now().unanswered < 60 {
                assert!(load.elapsed() < PATIENCE, "{:?}", load.now());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let (first, mut hook) = hook_in(&server, &[], &[]);
            let call = std::thread::spawn(move || hook.output().expect("the hook"));
            while !call.is_finished() {
                assert!(load.elapsed() < PATIENCE * 2, "the hook does not return");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let words = said(&call.join().expect("the hook"), 0);
            assert_eq!(words, "lameduck: nobody was waiting any more when the server was stopped\n");
            load.stop();
            let outcomes = load.finish(PATIENCE * 2).await;
            process::kill(first, libc::SIGTERM);
            Tally::of(&outcomes)
        });
        println!("run {run}: {tally:?}");
        assert_eq!((tally.lost, tally.other_answers, tally.not_tried), (0, 0, 0), "{tally:?}");
        assert!(tally.answered > 0 && tally.answered_late > 0, "{tally:?}");
        server.wait(PATIENCE);
        assert!(server.processes().is_empty(), "what drained has gone with process 1");
    }
}

/// gunicorn takes an orphan's status 3 or 4 for a worker that failed to boot, and ends.
fn process_1_survives() {
    let server = gunicorn().start();
    let (first, mut hook) = hook_in(&server, &[], &["--release-after", "1s"]);
    assert_eq!(said(&hook.output().expect("the hook"), 0).lines().count(), 1);
    assert_eq!(detached(&server).len(), 1, "adopted by process 1");
    until_none_is_left(&server);
    assert_eq!(status_now(&server), 200);
    assert_eq!(server.get("/"), "ok\n".trim_end());
    // When: the next hook is followed by the stop.
    let (_, hook) = hook_in(&server, &[], &[]);
    let call = call_then_stop(hook, first);
    let mut server = server;
    server.wait(PATIENCE);
    said(&call.join().expect("the hook"), 0);
    assert!(!server.log().contains("failed to boot"), "{}", server.log());
}
