//! A kernel without sock_diag's modules, or a profile that refuses it: the drain ends by itself all the same.
use crate::faults::refusing;
use crate::stop::{KINDS, Kind};
use crate::support::load::{plan, until_gone};
use crate::support::server::Server;
use crate::support::trial::trial;
use libtest_mimic::Trial;
use serde_json::Value;
use std::path::Path;

/// How it is refused, and what that looks like: a kernel without the modules, or whose modules may not be loaded, seccomp
/// programs of containerd's and of CRI-O's manner, SELinux.
const REFUSALS: [(&str, i32); 5] = [
    ("no_modules", libc::ENOENT),
    ("a_profile", libc::EPERM),
    ("no_protocol", libc::EPROTONOSUPPORT),
    ("cri_o", libc::ENOSYS),
    ("selinux", libc::EACCES),
];

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    // gunicorn's sync, and for two of them its gthread.
    for (kind, refusals) in [(&KINDS[0], &REFUSALS[..]), (&KINDS[1], &REFUSALS[..2])] {
        for &(refused_by, errno) in refusals {
            let name = format!("without_sock_diag_{}_is_drained_with_{refused_by}", kind.name);
            trials.push(trial(&name, &Ok(()), move || {
                let sock_diag = [(0, libc::AF_NETLINK), (2, libc::NETLINK_SOCK_DIAG)];
                refusing(libc::SYS_socket, &sock_diag, errno, || {
                    is_drained(kind, "/proc/net/tcp", |server| server.signal(libc::SIGTERM));
                });
            }));
        }
    }
    trials
}

/// The load never pauses, so that lameduck has late arrivals of its own at every look. `source`: what it has looked by in the
/// end. Gives the log.
pub fn is_drained(kind: &Kind, source: &str, stop: impl FnOnce(&Server)) -> String {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!(
        "without-sock-diag-{}-{}.json",
        kind.name,
        std::process::id()
    ));
    let mut server = kind.gunicorn().under_lameduck(&["--report", file.to_str().unwrap()]).start();
    let plan = plan(&server, kind.rate);
    let result = until_gone(&mut server, plan, kind.backlog, stop);
    let tally = &result.tally;
    assert_eq!((tally.lost, tally.other_answers, tally.not_tried), (0, 0, 0), "{tally:?}");
    assert!(tally.answered > 0 && tally.answered_late > 0, "the stop was not under load: {tally:?}");
    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(report["source"], source, "{}", server.log());
    assert_eq!((&report["outcome"], &report["gate"]), (&"drained".into(), &"divert".into()), "{report}");
    // Then: as with sock_diag it is known what was unread and in flight, and that nothing was at the end.
    for figure in ["unread", "in_flight", "queue"] {
        assert_eq!(report[figure]["at_forward"], 0, "{figure}: {report}");
    }
    assert_eq!(report["left_behind"]["unanswered"], 0, "{report}");
    server.log()
}
