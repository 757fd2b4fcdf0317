//! The wall clock jumps in the middle of a drain, as it does when a node's time is set; and a container's own clock since
//! boot begins elsewhere (time_namespaces(7)). A drain goes by no other than its own.
use crate::crash::stop_and_wait_for_the_gate;
use crate::inside::{lameducks, signal_lameduck};
use crate::stop::KINDS;
use crate::support::clock::{Clock, DAY};
use crate::support::load::{plan, until_gone};
use crate::support::namespaces::{permitted, unshare};
use crate::support::trial::trial;
use libtest_mimic::Trial;
use serde_json::Value;
use std::fs;
use std::time::{Duration, SystemTime};

pub fn trials() -> Vec<Trial> {
    let clock = Clock::permitted();
    let own = permitted(unshare(&TIME).args(["--monotonic", "1000", "--fork", "true"]));
    vec![
        trial("a_clock_set_a_day_forward_behind_the_gate_changes_nothing", &clock, || jumps(DAY)),
        trial("a_clock_set_a_day_back_behind_the_gate_changes_nothing", &clock, || jumps(-DAY)),
        trial("a_clock_since_boot_that_has_just_begun_changes_nothing", &own, || since_boot(1 - uptime())),
        trial("a_clock_since_boot_of_thirty_years_changes_nothing", &own, || since_boot(30 * 365 * DAY)),
    ]
}

const TIME: [&str; 1] = ["--time"];

fn jumps(by: i64) {
    let clock = Clock::new(by);
    let kind = &KINDS[0];
    let mut server = clock.of(kind.gunicorn().under_lameduck(&["--log-format", "json"])).start();
    let plan = plan(&server, kind.rate);
    let result = until_gone(&mut server, plan, kind.backlog, |server| {
        stop_and_wait_for_the_gate(server);
        clock.jump();
    });
    let tally = &result.tally;
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
    assert!(tally.answered_late > 0, "nobody was late: {tally:?}");
    assert_eq!(result.status.code(), Some(0));
    let log = server.log();
    let said: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let (first, last) = (&said[0], said.last().expect("a line"));
    assert_eq!((&last["outcome"], &last["gate"]), (&"drained".into(), &"divert".into()), "{log}");
    // The clock did jump, for lameduck as well: a drain takes less than an hour.
    let jump = i64::try_from(at(last)).unwrap() - i64::try_from(at(first)).unwrap();
    assert!((jump - by).abs() < 3_600, "{jump}: {log}");
}

/// When a line was said, in seconds since 1970.
fn at(line: &Value) -> u64 {
    let time = humantime::parse_rfc3339(line["timestamp"].as_str().expect("a time")).expect("RFC 3339");
    time.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs()
}

/// Of this machine, in seconds.
fn uptime() -> i64 {
    let text = fs::read_to_string("/proc/uptime").expect("proc_uptime(5)");
    text.split('.').next().and_then(|seconds| seconds.parse().ok()).expect("seconds")
}

fn since_boot(offset: i64) {
    let kind = &KINDS[0];
    let offset = offset.to_string();
    let lameduck = env!("CARGO_BIN_EXE_lameduck");
    let clocks = ["--monotonic", &offset, "--boottime", &offset, "--fork", lameduck, "run", "--"];
    let mut server = kind.gunicorn().under(&[&["unshare"], &TIME[..], &clocks].concat()).start();
    let ours = fs::read_link("/proc/self/ns/time").expect("namespaces(7)");
    let its = fs::read_link(format!("/proc/{}/ns/time", lameducks(&server))).expect("namespaces(7)");
    assert_ne!(ours, its, "it goes by our clock");
    let mut plan = plan(&server, kind.rate);
    plan.pause = Duration::from_millis(10);
    let result = until_gone(&mut server, plan, kind.backlog, signal_lameduck);
    let tally = &result.tally;
    assert_eq!((tally.lost, tally.other_answers), (0, 0), "{tally:?}");
    assert_eq!(result.status.code(), Some(0));
    assert!(server.log().contains("outcome=drained gate=divert"), "{}", server.log());
}
