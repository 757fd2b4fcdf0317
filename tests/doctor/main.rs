//! `lameduck doctor` where something is refused for real, beside a real server that is stopped there: what the one
//! says is what the other shows.
//!
//! | file | subject |
//! |---|---|
//! | `environments` | system calls that are refused, namespaces, users |
//! | `hooks` | the same for `wait` and `sidecar`, beside a server that is there already |
//! | `surroundings` | time, files, mounts, kernels |
//! | `cluster` | the API server, which is that of tests/kubernetes |
//! | `options` | what is asked for |
//! | `manifests` | the same of manifests, where nothing is tried |
//! | `unreadable` | manifests that cannot be read |
//! | `by_kubectl` | objects of a cluster, by kubectl |
#[cfg(feature = "manifests")]
mod by_kubectl;
#[cfg(all(feature = "kubernetes", feature = "trial"))]
mod cluster;
mod environments;
mod hooks;
#[cfg(feature = "manifests")]
mod manifests;
mod options;
mod surroundings;
#[cfg(feature = "manifests")]
mod unreadable;

#[cfg(all(feature = "kubernetes", feature = "trial"))]
#[path = "../kubernetes/api_server/mod.rs"]
#[allow(dead_code, unused_imports, reason = "a part of it is used here")]
mod api_server;
#[cfg(all(feature = "kubernetes", feature = "trial"))]
#[path = "../kubernetes/scene.rs"]
#[allow(dead_code, reason = "a part of it is used here")]
mod scene;

#[path = "../faults/mod.rs"]
mod faults;
#[path = "../support/mod.rs"]
mod support;

use libtest_mimic::Arguments;
use serde_json::Value;
use std::process::{Command, Output};
use support::{finish, lameduck};

fn main() {
    let trials = [environments::trials(), hooks::trials(), surroundings::trials(), options::trials()];
    #[cfg(all(feature = "kubernetes", feature = "trial"))]
    let trials = trials.into_iter().chain([cluster::trials()]);
    #[cfg(feature = "manifests")]
    let trials = trials.into_iter().chain([manifests::trials(), unreadable::trials(), by_kubectl::trials()]);
    libtest_mimic::run(&Arguments::from_args(), trials.into_iter().flatten().collect()).exit();
}

/// What it said, as JSON; its exit status is that of its promise.
struct Said(Value);

fn doctor(options: &[&str]) -> Said {
    said(lameduck().args(["doctor", "--json"]).args(options))
}

fn said(command: &mut Command) -> Said {
    let Output { status, stdout, stderr } = finish(command);
    assert_eq!(String::from_utf8_lossy(&stderr), "");
    let page: Value = serde_json::from_slice(&stdout).expect("JSON");
    let code = match page["promise"].as_str() {
        Some("full") => 0,
        Some("weaker") => 1,
        Some("nothing") => 2,
        other => panic!("no such promise: {other:?}"),
    };
    assert_eq!(status.code(), Some(code), "{page}");
    Said(page)
}

impl Said {
    /// Capture, gate, and whether open connections are parked.
    fn plan(&self) -> (&str, &str, bool) {
        let word = |key: &str| self.0[key].as_str().expect("a word");
        (word("capture"), word("gate"), self.0["parks"].as_bool().expect("a truth"))
    }

    fn promise(&self) -> &str {
        self.0["promise"].as_str().expect("a word")
    }

    fn finding(&self, subject: &str) -> &Value {
        let findings = self.0["findings"].as_array().expect("findings");
        findings.iter().find(|finding| finding["subject"] == subject).expect(subject)
    }

    /// What is to be set.
    fn advice(&self, subject: &str) -> &str {
        self.finding(subject)["advice"].as_str().expect("an advice")
    }

    /// How much works of a subject, and what was seen of it.
    fn of(&self, subject: &str) -> (&str, &str) {
        let finding = self.finding(subject);
        let state = finding["state"].as_str().expect("a state");
        assert_eq!(
            finding["advice"].is_null(),
            state == "ok",
            "what is not ok has its advice, nothing else has"
        );
        (state, finding["seen"].as_str().expect("what was seen"))
    }

    /// The subjects that are not ok, but for those that another machine may lack by itself.
    fn troubles(&self) -> Vec<&str> {
        let findings = self.0["findings"].as_array().expect("findings").iter();
        let bad = findings.filter(|finding| finding["state"] != "ok");
        let subjects = bad.map(|finding| finding["subject"].as_str().expect("a subject"));
        subjects
            .filter(|subject| !["kernel", "gate refuse", "another user's server"].contains(subject))
            .collect()
    }
}
