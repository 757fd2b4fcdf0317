//! TERM in the middle, under lameduck: every connection ends answered, 503 or refused.
use crate::support::load::{plan, until_gone};
use crate::support::runner::runs;
use crate::support::server::{Builder, Server};
use crate::support::trial::trial;
use libtest_mimic::Trial;
use std::time::Duration;

/// A worker class with two workers, the rate that is above what they can do, and how many clients then wait.
pub struct Kind {
    pub name: &'static str,
    class: &'static str,
    args: &'static [&'static str],
    pub rate: f64,
    pub backlog: usize,
}

/// Two workers, 20 ms a request and one in 25 half a second: 39 ms each. gthread and gevent accept more than they
/// work on, so that their queue fills only when that is limited.
pub static KINDS: [Kind; 4] = [
    Kind { name: "sync", class: "sync", args: &["--workers", "2"], rate: 90.0, backlog: 60 },
    Kind {
        name: "gthread",
        class: "gthread",
        args: &["--workers", "2", "--threads", "2", "--worker-connections", "4"],
        rate: 160.0,
        backlog: 60,
    },
    Kind {
        name: "gevent",
        class: "gevent",
        args: &["--workers", "2", "--worker-connections", "4"],
        rate: 300.0,
        backlog: 60,
    },
    Kind {
        name: "reuse-port",
        class: "sync",
        args: &["--workers", "2", "--reuse-port"],
        rate: 90.0,
        backlog: 60,
    },
];

impl Kind {
    pub fn gunicorn(&self) -> Builder {
        Server::gunicorn(self.class, self.args)
    }
}

/// Clients that speak at once, and clients that connect first and speak later.
const PAUSES: [(&str, Duration); 2] =
    [("at_once", Duration::ZERO), ("50ms_later", Duration::from_millis(50))];

pub fn trials(privileges: &Result<(), String>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for kind in &KINDS {
        for (pause_name, pause) in PAUSES {
            let name = format!("{}_loses_nobody_who_speaks_{pause_name}", kind.name);
            trials.push(trial(&name, &Ok(()), move || loses_nobody(kind, pause, false)));
            let name = format!("{name}_unprivileged");
            trials.push(trial(&name, privileges, move || loses_nobody(kind, pause, true)));
        }
    }
    trials
}

fn loses_nobody(kind: &Kind, pause: Duration, unprivileged: bool) {
    for run in 1..=runs() {
        let mut server = kind.gunicorn().under_lameduck(&[]);
        if unprivileged {
            server = server.unprivileged();
        }
        let mut server = server.start();
        let mut plan = plan(&server, kind.rate);
        plan.pause = pause;
        let result = until_gone(&mut server, plan, kind.backlog, |server| server.signal(libc::SIGTERM));
        let tally = &result.tally;
        println!(
            "{} run {run}: {} answered, {} late, {} refused, {} lost",
            kind.name, tally.answered, tally.answered_late, tally.refused, tally.lost
        );
        assert_eq!((tally.lost, tally.other_answers, tally.not_tried), (0, 0, 0), "{tally:?}");
        assert!(tally.answered > 0 && tally.answered_late > 0, "the stop was not under load: {tally:?}");
        assert_eq!(result.status.code(), Some(0));
        assert!(server.processes().is_empty(), "nothing is left behind");
        assert!(server.log().contains("gate=divert"), "without the gate this is luck");
    }
}
