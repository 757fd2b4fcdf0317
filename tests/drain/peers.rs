//! The same run without lameduck loses some: the tests can fail, and the problem is real.
use crate::stop::KINDS;
use crate::support::load::{plan, until_gone};
use crate::support::server::Builder;
use crate::support::trial::trial;
use libtest_mimic::Trial;
use std::path::Path;

/// A plain stop may be lucky once; not so often in a row.
const TRIES: u32 = 5;

pub fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = KINDS
        .iter()
        .map(|kind| {
            trial(&format!("{}_stopped_plainly_loses_some", kind.name), &Ok(()), move || {
                loses_some(&kind.gunicorn(), kind);
            })
        })
        .collect();
    for (name, peer) in [("tini", ["tini", "--"].as_slice()), ("dumb_init", &["dumb-init"])] {
        let kind = &KINDS[0];
        trials.push(trial(&format!("{name}_loses_some"), &installed(peer[0]), move || {
            loses_some(&kind.gunicorn().under(peer), kind);
        }));
    }
    trials
}

fn loses_some(server: &Builder, kind: &crate::stop::Kind) {
    let mut lost = Vec::new();
    for _ in 0..TRIES {
        let mut server = server.clone().start();
        let plan = plan(&server, kind.rate);
        let result = until_gone(&mut server, plan, kind.backlog, |server| server.signal(libc::SIGTERM));
        lost.push(result.tally.lost);
        if result.tally.lost > 0 {
            return println!("lost without lameduck: {lost:?}");
        }
    }
    panic!("nothing was lost without lameduck, {TRIES} times: this load proves nothing");
}

fn installed(program: &str) -> Result<(), String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|dir| Path::new(&dir).join(program).is_file());
    if found { Ok(()) } else { Err(format!("{program} is not installed (Debian has it as a package)")) }
}
