//! New connections and kept-alive clients, across the hook and the stop that follows it.
use crate::hook::{call_then_stop, hook_of, said, until_none_is_left};
use crate::support::load::{kept_alive_until_gone, plan, until_gone};
use crate::support::runner::runs;
use crate::support::server::{Builder, Server};
use crate::support::servers::Kind;
use crate::support::trial::trial;
use crate::support::wait_for;
use libtest_mimic::Trial;
use std::process::Command;
use std::time::Duration;

const NOBODY: [&str; 6] = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
const DRAINED: &str = "lameduck: nobody was waiting any more when the server was stopped\n";
const ANOTHER: &str = "lameduck: another hook has drained this server\n";

pub fn trials(privileges: &Result<(), String>) -> Vec<Trial> {
    let sync = || Server::gunicorn("sync", &["--workers", "2"]);
    let gthread = || {
        let limits = ["--workers", "2", "--threads", "2", "--worker-connections", "4"];
        Server::gunicorn("gthread", &limits)
    };
    let mut trials = vec![
        trial("sync_loses_nobody", &Ok(()), move || loses_nobody(sync, 90.0, 1)),
        trial("gthread_loses_nobody", &Ok(()), move || loses_nobody(gthread, 160.0, 1)),
        trial("three_hooks_at_once_lose_nobody", &Ok(()), move || loses_nobody(sync, 90.0, 3)),
        trial("sync_loses_nobody_unprivileged", privileges, move || {
            loses_nobody(move || sync().unprivileged(), 90.0, 1);
        }),
    ];
    for kind in [Kind::Uvicorn, Kind::Waitress, Kind::Node] {
        let name = format!("{}_loses_no_kept_alive_client", kind.name());
        trials.push(trial(&name, &kind.needs(), move || loses_no_kept_alive_client(kind)));
    }
    trials
}

fn loses_nobody(builder: impl Fn() -> Builder, rate: f64, hooks: usize) {
    for run in 1..=runs() {
        let mut server = builder().start();
        let mut calls = Vec::new();
        let plan = plan(&server, rate);
        let result = until_gone(&mut server, plan, 60, |server| {
            let mut hook = hook_of(server, &[]);
            if crate::support::process::field(server.pid(), "Uid").is_some_and(|ids| ids.starts_with("65534"))
            {
                hook = as_nobody(&hook);
            }
            for _ in 1..hooks {
                let mut another = hook_of(server, &[]);
                calls.push(std::thread::spawn(move || another.output().expect("the hook")));
            }
            calls.push(call_then_stop(hook, server.pid()));
        });
        println!("run {run}: {:?}", result.tally);
        let words: Vec<String> =
            calls.into_iter().map(|call| said(&call.join().expect("a hook"), 0)).collect();
        let drained = words.iter().filter(|words| *words == DRAINED).count();
        let other = words.iter().filter(|words| *words == ANOTHER).count();
        assert_eq!((drained, other), (1, hooks - 1), "{words:?}");
        let tally = &result.tally;
        assert_eq!((tally.lost, tally.other_answers, tally.not_tried), (0, 0, 0), "{tally:?}");
        assert!(tally.answered > 0 && tally.answered_late > 0, "the stop was not under load: {tally:?}");
        assert_eq!(result.status.code(), Some(0));
        until_none_is_left(&server);
        assert!(server.log().contains("gate=divert"), "without the gate this is luck");
    }
}

/// The same command as nobody without capabilities.
fn as_nobody(hook: &Command) -> Command {
    let mut privileges = Command::new(NOBODY[0]);
    privileges.args(&NOBODY[1..]).args(["--no-new-privs", "--bounding-set", "-all"]);
    privileges.arg(hook.get_program()).args(hook.get_args());
    for (name, value) in hook.get_envs() {
        match value {
            Some(value) => privileges.env(name, value),
            None => privileges.env_remove(name),
        };
    }
    privileges
}

fn loses_no_kept_alive_client(kind: Kind) {
    const CLIENTS: usize = 40;
    for run in 1..=runs() {
        let mut server = kind.builder().start();
        let mut call = None;
        let tally = kept_alive_until_gone(&mut server, CLIENTS, Duration::from_micros(200), |server| {
            call = Some(call_then_stop(hook_of(server, &[]), server.pid()));
        });
        let call = call.expect("the hook").join().expect("its end");
        assert_eq!(said(&call, 0), DRAINED);
        println!("run {run}: {tally:?}");
        let others = (tally.lost, tally.unanswered_after_close, tally.other_answers, tally.not_tried);
        assert_eq!(others, (0, 0, 0, 0), "{tally:?}");
        assert!(tally.answered_late > 0, "{tally:?}");
        until_none_is_left(&server);
        wait_for("the report's line", || server.log().contains("outcome=drained").then_some(()));
    }
}
