//! Each cell by each runtime: what is taken is the strongest that is possible, nobody who comes anew is lost where a gate is,
//! and what is said before and after is what comes of it.
use crate::cells::{self, Capture, Cell, Kind, Taken};
use crate::scene::{self, Seen};
use crate::support::container::runtime::Runtime;
use crate::support::runner::{self, repeated};
use crate::support::trial::trial;
use libtest_mimic::Trial;
use serde_json::Value;

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (turn, runtime) in Runtime::ALL.into_iter().enumerate() {
        for (place, cell) in cells::all().into_iter().enumerate() {
            let mut needs = runtime.needs(cell.confinement);
            if !cell.is_central() {
                needs = needs.and(runner::one_in(Runtime::ALL.len(), place + turn));
            }
            let name = format!("{}_{}", runtime.name(), cell.name());
            let scene = repeated(move || check(cell, &scene::of(cell, runtime)));
            trials.push(trial(&name, &needs, scene));
        }
    }
    trials
}

/// What has to hold of it.
///
/// # Panics
/// When it does not.
pub fn check(cell: Cell, seen: &Seen) {
    println!("new {:?}; kept alive {:?}", seen.new, seen.kept_alive);
    let taken = cell.taken();
    is_what_was_promised(taken, seen);
    is_told_in_the_log(cell, taken, seen);
    let (new, kept_alive, report) = (&seen.new, &seen.kept_alive, &seen.report);
    assert!(new.answered > 0, "{new:?}");
    assert_eq!(
        (new.other_answers, new.not_tried, kept_alive.other_answers),
        (0, 0, 0),
        "{new:?}, {kept_alive:?}"
    );
    if taken.gate != "none" {
        assert_eq!(new.lost, 0, "{new:?}");
        assert!(new.answered_late > 0, "nobody came during the drain: {new:?}");
    }
    let count = |what: &str| report["park"][what].as_u64().expect("a count");
    if cell.keeps_alive() {
        assert_eq!(count("parked") > 0, taken.parks, "{report}");
        assert_eq!(count("out_of_reach") > 0, !taken.parks, "{report}");
    }
    // waitress has no handler.
    let expected = if cell.server == Kind::Waitress { 128 + libc::SIGTERM } else { 0 };
    assert_eq!((seen.status, &report["exit_status"]), (Some(expected), &expected.into()), "{}", seen.log);
}

/// doctor's plan is the drain's, and its promise is kept.
fn is_what_was_promised(taken: Taken, seen: &Seen) {
    let (doctor, report) = (&seen.doctor, &seen.report);
    let planned = (&doctor["capture"], &doctor["gate"], &doctor["parks"]);
    assert_eq!(planned, (&taken.capture.into(), &taken.gate.into(), &taken.parks.into()), "{doctor}");
    assert_eq!(
        (&report["capture"], &report["gate"]),
        (&taken.capture.into(), &taken.gate.into()),
        "{report}"
    );
    let says = |beginning: &str| {
        let sentences = doctor["sentences"].as_array().expect("sentences").iter().filter_map(Value::as_str);
        sentences.filter(|sentence| sentence.starts_with(beginning)).count() == 1
    };
    assert_eq!(says("New and queued connections: none is lost."), taken.gate != "none", "{doctor}");
    assert_eq!(says("Open connections: no request is lost"), taken.parks, "{doctor}");
    let full = taken.gate != "none" && taken.parks;
    assert_eq!(doctor["promise"], if full { "full" } else { "weaker" }, "{doctor}");
    if taken.parks && taken.gate != "none" {
        assert_eq!(seen.kept_alive.lost, 0, "{:?}", seen.kept_alive);
    }
}

fn is_told_in_the_log(cell: Cell, taken: Taken, seen: &Seen) {
    let log = &seen.log;
    let told = log.contains("pidfd_getfd is refused here") && log.contains("open connections are left to");
    assert_eq!(told, !taken.parks, "{log}");
    let gate = format!("gate={} capture={}", taken.gate, taken.capture);
    assert!(log.contains(&gate), "{log}");
    assert_eq!(log.contains("no gate"), taken.gate == "none", "{log}");
    let is_over = log.contains("time is over: forwarded");
    assert_eq!(
        is_over && log.contains("answering who is still queued"),
        is_over && taken.capture != "none",
        "{log}"
    );
    if cell.capture == Capture::Auto && taken.gate == "none" {
        assert!(log.contains("try --capture bind"), "{log}");
    }
    assert!(!log.contains("panicked"), "{log}");
}
